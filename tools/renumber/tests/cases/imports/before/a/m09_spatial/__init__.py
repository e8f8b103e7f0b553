from __future__ import annotations

import a.m08_dataloader
import a.m08_dataloader as y
import a.m08_dataloader as m08_dataloader
import a.m08_dataloader, a.m09_spatial  # both
from a import m08_dataloader
from a import m08_dataloader as z
from a.m08_dataloader import B
from a.m08_dataloader import *
from . import other
from .. import m08_dataloader, m09_spatial as own
from ..m08_dataloader import (
    B,
    B as C,
)
from ..m08_dataloader \
    import B as D

try:
    from ..m14_kv_caching import cache
except ImportError: from .. import m08_dataloader

if TYPE_CHECKING: from ..m15_profiling import Profile


def lazy():
    from a.m08_dataloader import B

    import a.m14_kv_caching; x = 1; import a.m15_profiling
    return a.m08_dataloader.B + m08_dataloader.B, x


__all__ = ["m08_dataloader", 'm09_spatial', "B"]
__all__ += ["m14_kv_caching"]
