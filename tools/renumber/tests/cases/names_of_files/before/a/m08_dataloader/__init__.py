# a/m08_dataloader/__init__.py
