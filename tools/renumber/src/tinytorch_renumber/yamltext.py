"""Positions in YAML, by PyYAML's own parser."""

from __future__ import annotations

from collections.abc import Callable

import yaml

from .groups import Group, Scalar

LARGEST = 2_000_000  # bytes; PyYAML without libyaml reads about 300,000 in a second
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # twenty times as fast where libyaml is there


def read(data: bytes, first: int = 0, last: int | None = None) -> tuple[list[Group], set[tuple[int, int]]]:
    """Return the mappings and sequences in a part of a file, and the spans of all one-line scalars in it.

    Nothing is constructed: tags mean nothing. Raises ValueError if it isn't YAML in UTF-8, or too large.
    """
    if len(data) > LARGEST:
        raise ValueError("too large to be parsed")
    text = data[first:last].decode("utf-8")
    if text.isascii():
        offset: Callable[[int], int] = first.__add__
    else:
        starts = [first]
        for letter in text:
            starts.append(starts[-1] + len(letter.encode()))
        offset = starts.__getitem__
    found: list[Group] = []
    spans: set[tuple[int, int]] = set()
    seen: dict[int, Scalar | Group] = {}  # an alias is the node that it stands for

    def scalar(node: yaml.ScalarNode) -> Scalar:
        start, end = node.start_mark.index, node.end_mark.index
        quoted = node.style in ("'", '"')
        written = text[start + quoted : end - quoted]
        one = Scalar(written, offset(start + quoted), offset(end - quoted), quoted)
        if node.style not in ("|", ">") and "\n" not in written:
            spans.add((one.start, one.end))
        else:
            one.text = node.value
        return one

    def convert(node: yaml.Node) -> Scalar | Group:
        if id(node) in seen:
            return seen[id(node)]
        if isinstance(node, yaml.ScalarNode):
            seen[id(node)] = one = scalar(node)
            return one
        seen[id(node)] = group = Group(isinstance(node, yaml.MappingNode))
        found.append(group)
        for item in node.value:
            key, value = item if group.keyed else (None, item)
            name = convert(key) if key else None
            group.items.append((name if isinstance(name, Scalar) else None, convert(value)))
        return group

    try:
        for document in yaml.compose_all(text, Loader=LOADER):
            if document is not None:
                convert(document)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return found, spans
