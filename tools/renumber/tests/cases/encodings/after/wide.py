名 = "é│07_dataloader│"; print(名, a.m07_dataloader)  # ← Module 07: DataLoader
