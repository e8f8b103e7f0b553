名 = "é│08_dataloader│"; print(名, a.m08_dataloader)  # ← Module 08: DataLoader
