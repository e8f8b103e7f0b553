import a.m08_dataloader as y, b.m09_spatial.conv as c
from a import (m08_dataloader,  # 08_dataloader
               m09_spatial as m09_spatial,)
from.m08_dataloader import B
from . m08_dataloader import B
from ...m08_dataloader.x.y import *
import a.m08_dataloader \
    as m08_dataloader

if (found := importlib.util.find_spec("a.m08_dataloader")): from a import m08_dataloader
else: __import__("a.m08_dataloader"); import_module(".m08_dataloader", package="a.m09_spatial")


async def late(x: a.m08_dataloader.B, y) -> "list[a.m09_spatial.C]":
    # type: (a.m08_dataloader.B, int) -> list[m09_spatial.C]
    from a.m08_dataloader import B; return B


@mock.patch("a.m08_dataloader.B.f", new=1)
@patch.object(a.m08_dataloader, "x")
def test(monkeypatch):
    monkeypatch.setitem(sys.modules, "a.m08_dataloader", None)
    match x:
        case a . m08_dataloader . B():
            return [m.x for m in (a.m08_dataloader, a.m09_spatial)], lambda: a.m08_dataloader
        case {"m09_spatial": y}:
            del a.m08_dataloader


try:
    import a.m08_dataloader
except ImportError:
    import b.m08_dataloader
else:
    from c import m09_spatial
finally:
    import a.m10_tokenization

__all__: list[str] = ["m08_dataloader"]
__all__.append("m10_tokenization"); __all__.extend(("m11_embeddings",))
text = f"{a.m08_dataloader.B} 08_dataloader {n:02d}_{name} {d['09_spatial']}"; more = rb"\08_dataloader", u'08_dataloader'
