# modules/07_dataloader/dataloader.py
