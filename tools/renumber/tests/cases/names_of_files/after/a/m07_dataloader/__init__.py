# a/m07_dataloader/__init__.py
