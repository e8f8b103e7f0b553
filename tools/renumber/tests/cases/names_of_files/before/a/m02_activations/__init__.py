# a/m02_activations/__init__.py
