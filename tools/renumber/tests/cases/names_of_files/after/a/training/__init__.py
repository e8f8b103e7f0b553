# a/training/__init__.py
