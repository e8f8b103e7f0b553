# a/m01_tensor/__init__.py
