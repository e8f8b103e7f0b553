# a/m07_training/__init__.py
