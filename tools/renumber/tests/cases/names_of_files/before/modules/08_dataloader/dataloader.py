# modules/08_dataloader/dataloader.py
