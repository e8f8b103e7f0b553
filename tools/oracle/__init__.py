"""Compares every public name of tinytorch.core with PyTorch 2.13.0. Run by `nox -s oracle`."""
