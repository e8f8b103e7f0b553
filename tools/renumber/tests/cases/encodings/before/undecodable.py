x = "ÿ 08_dataloader"
