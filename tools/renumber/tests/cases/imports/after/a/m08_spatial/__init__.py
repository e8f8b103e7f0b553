from __future__ import annotations

import a.m07_dataloader
import a.m07_dataloader as y
import a.m07_dataloader as m07_dataloader
import a.m07_dataloader, a.m08_spatial  # both
from a import m07_dataloader
from a import m07_dataloader as z
from a.m07_dataloader import B
from a.m07_dataloader import *
from . import other
from .. import m07_dataloader, m08_spatial as own
from ..m07_dataloader import (
    B,
    B as C,
)
from ..m07_dataloader \
    import B as D

try:
    from ..m13_kv_caching import cache
except ImportError: from .. import m07_dataloader

if TYPE_CHECKING: from ..m14_profiling import Profile


def lazy():
    from a.m07_dataloader import B

    import a.m13_kv_caching; x = 1; import a.m14_profiling
    return a.m07_dataloader.B + m07_dataloader.B, x


__all__ = ["m07_dataloader", 'm08_spatial', "B"]
__all__ += ["m13_kv_caching"]
