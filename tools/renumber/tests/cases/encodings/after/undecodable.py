x = "ÿ 07_dataloader"
