"""Layers that know that pixels have neighbours: convolution, pooling, normalisation, resizing."""
