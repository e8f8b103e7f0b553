"""`python -m tinytorch.systems` is `tinytorch-gpt`."""

from . import tinytorch_gpt

if __name__ == "__main__":
    raise SystemExit(tinytorch_gpt())
