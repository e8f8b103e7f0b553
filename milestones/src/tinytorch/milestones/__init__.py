"""TinyTorch's milestones: networks of history, trained by hand-written loops on TinyTorch's tracks.

`python -m tinytorch.milestones` lists them, `python -m tinytorch.milestones run all` trains them, checks
what they reach, and writes a report with pictures. Each is one script to read: `perceptron_1957.py`,
`xor_1969.py`, `mlp_1986.py`, `cnn_1998.py`, `transformer_2017.py`.
"""

__version__ = "0.1.0"
