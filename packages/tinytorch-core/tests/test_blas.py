"""How long BLAS's threads wait is said before NumPy is imported, unless the user has said it."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
import tinytorch.core
assert "numpy" not in sys.modules  # else BLAS has read it already
print(os.environ["OPENBLAS_THREAD_TIMEOUT"])
"""


@pytest.mark.parametrize(("given", "found"), [(None, "16"), ("20", "20")])
def test_blas_threads_sleep_soon(given, found):
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_THREAD_TIMEOUT"}
    if given:
        environment["OPENBLAS_THREAD_TIMEOUT"] = given
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8")
    assert done.stdout.strip() == found
