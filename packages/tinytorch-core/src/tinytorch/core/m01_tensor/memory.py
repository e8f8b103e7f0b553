"""Keep the memory of arrays that are gone for those that come.

A training step makes the same arrays as the one before and lets go of them again. The C library of Linux
(glibc) gives the memory of large ones back to the system at once, and asks for it anew in the next step;
then each page is set to zero once more, which took a quarter of a step's time. It does so for arrays above
a threshold that follows use: the largest that was ever given back, up to 32 MiB. So one is made that large
and given back, here, when the first tensor may be made. Nothing is ever written to it, so it takes no
memory. Elsewhere it has no effect.

Source: https://man7.org/linux/man-pages/man3/mallopt.3.html (M_MMAP_THRESHOLD)
"""

from __future__ import annotations

import numpy as np

LARGEST = 32 * 2**20  # bytes: glibc's DEFAULT_MMAP_THRESHOLD_MAX, of which a few are its own

np.empty(LARGEST - 2**16, np.uint8)
