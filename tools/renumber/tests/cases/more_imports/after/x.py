import a.m07_dataloader as y, b.m08_spatial.conv as c
from a import (m07_dataloader,  # 07_dataloader
               m08_spatial as m08_spatial,)
from.m07_dataloader import B
from . m07_dataloader import B
from ...m07_dataloader.x.y import *
import a.m07_dataloader \
    as m07_dataloader

if (found := importlib.util.find_spec("a.m07_dataloader")): from a import m07_dataloader
else: __import__("a.m07_dataloader"); import_module(".m07_dataloader", package="a.m08_spatial")


async def late(x: a.m07_dataloader.B, y) -> "list[a.m08_spatial.C]":
    # type: (a.m07_dataloader.B, int) -> list[m08_spatial.C]
    from a.m07_dataloader import B; return B


@mock.patch("a.m07_dataloader.B.f", new=1)
@patch.object(a.m07_dataloader, "x")
def test(monkeypatch):
    monkeypatch.setitem(sys.modules, "a.m07_dataloader", None)
    match x:
        case a . m07_dataloader . B():
            return [m.x for m in (a.m07_dataloader, a.m08_spatial)], lambda: a.m07_dataloader
        case {"m08_spatial": y}:
            del a.m07_dataloader


try:
    import a.m07_dataloader
except ImportError:
    import b.m07_dataloader
else:
    from c import m08_spatial
finally:
    import a.m09_tokenization

__all__: list[str] = ["m07_dataloader"]
__all__.append("m09_tokenization"); __all__.extend(("m10_embeddings",))
text = f"{a.m07_dataloader.B} 07_dataloader {n:02d}_{name} {d['08_spatial']}"; more = rb"\07_dataloader", u'07_dataloader'
