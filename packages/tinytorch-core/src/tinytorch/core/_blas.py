"""Let the threads of NumPy's matrix products sleep sooner.

After a product, OpenBLAS's threads wait for the next one, awake, for 2**26 cycles: some 20 milliseconds.
Other threads that work between the products, ours among them, don't get those cores: on two cores, the
forward pass of a GPT over 1,024 tokens took 1.4 times as long (`nox -s bench -- "1024 tokens: forward"`).
2**16 cycles, some 20 microseconds, are enough for products that follow each other.

OpenBLAS reads it when NumPy is imported, so it has an effect where tinytorch is imported first. Whoever
sets the variable decides; other BLAS libraries ignore it.

Source: https://github.com/OpenMathLib/OpenBLAS/blob/develop/Makefile.rule (THREAD_TIMEOUT)
"""

import os

os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "16")
