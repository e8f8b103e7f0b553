# modules/08_dataloader/08_dataloader.py
