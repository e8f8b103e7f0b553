"""The public names of a track: complete, documented, and each what its module holds."""

from __future__ import annotations

import importlib
import inspect
from typing import Annotated, get_origin

import numpy as np
import pytest


def test_every_public_name_resolves_and_is_documented(track):
    undocumented = []
    for facade in track.facades:
        module = importlib.import_module(facade)
        for name in module.__all__:
            value = getattr(module, name)
            # A class must have its own words, not those of its base; a dtype has NumPy's, and a name for a
            # type has none.
            doc = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
            exempt = isinstance(value, np.dtype) or get_origin(value) is Annotated
            if not exempt and not (doc and doc.strip()):
                undocumented.append(f"{facade}.{name}")
    assert not undocumented


def test_the_stub_and_the_rooms_agree(track):
    for facade in track.facades:
        module = importlib.import_module(facade)
        exports = dict(track.exports(facade))
        assert len(exports) == len(track.exports(facade)), "a name is listed twice"
        assert exports
        assert sorted(exports) == module.__all__
        assert set(exports) <= set(dir(module))
        for name, origin in exports.items():
            assert getattr(module, name) is getattr(importlib.import_module(origin), name), name


def test_every_room_has_a_public_name(track):
    origins = {origin for facade in track.facades for _, origin in track.exports(facade)}
    assert {room.name for room in track.rooms} <= origins


def test_an_unknown_name_is_an_attribute_error(track):
    for facade in track.facades:
        module = importlib.import_module(facade)
        with pytest.raises(AttributeError, match=f"module '{facade}' has no attribute 'nonsense'"):
            _ = module.nonsense
