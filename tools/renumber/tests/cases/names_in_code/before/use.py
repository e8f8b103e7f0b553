import importlib
from unittest import mock

loaded = importlib.import_module("a.m08_dataloader")
again = importlib.import_module(".m08_dataloader.datasets", package="a")
patched = mock.patch("a.m08_dataloader.B")
chain = a.m08_dataloader.datasets.m09_spatial.f(a.m08_dataloader)


def test_08_dataloader(x: "a.m08_dataloader.B", y):  # type: (a.m08_dataloader.B, int) -> None
    value: "list[m08_dataloader.B]" = []
    return getattr(a, 'm08_dataloader'), b"08_dataloader", rf"modules\\08_dataloader", "a\n08_dataloader"


with a.m08_dataloader.opened() as m08_dataloader:
    pass
layers = 14 - profiling  # arithmetic, not a name
m14-profiling
x = table[3, "layers"] + table[14:"profiling"]
f(3, "layers", layers=3)
