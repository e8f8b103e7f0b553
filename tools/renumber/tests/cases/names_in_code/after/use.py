import importlib
from unittest import mock

loaded = importlib.import_module("a.m07_dataloader")
again = importlib.import_module(".m07_dataloader.datasets", package="a")
patched = mock.patch("a.m07_dataloader.B")
chain = a.m07_dataloader.datasets.m08_spatial.f(a.m07_dataloader)


def test_07_dataloader(x: "a.m07_dataloader.B", y):  # type: (a.m07_dataloader.B, int) -> None
    value: "list[m07_dataloader.B]" = []
    return getattr(a, 'm07_dataloader'), b"07_dataloader", rf"modules\\07_dataloader", "a\n07_dataloader"


with a.m07_dataloader.opened() as m07_dataloader:
    pass
layers = 14 - profiling  # arithmetic, not a name
m14-profiling
x = table[3, "layers"] + table[14:"profiling"]
f(3, "layers", layers=3)
