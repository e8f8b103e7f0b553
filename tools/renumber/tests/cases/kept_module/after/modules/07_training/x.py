import a.m07_dataloader
