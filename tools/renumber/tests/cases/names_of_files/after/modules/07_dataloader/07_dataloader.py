# modules/07_dataloader/07_dataloader.py
