# tests/test_07_dataloader.py
