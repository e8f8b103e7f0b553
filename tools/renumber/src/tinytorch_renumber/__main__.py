"""Run the command with `python -m tinytorch_renumber`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
