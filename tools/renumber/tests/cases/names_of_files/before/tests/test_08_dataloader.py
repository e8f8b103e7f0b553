# tests/test_08_dataloader.py
