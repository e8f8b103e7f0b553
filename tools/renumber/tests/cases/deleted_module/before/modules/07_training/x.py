import a.m08_dataloader
