# a/m03_layers/__init__.py
