"""A picture of what was recorded, as text for Mermaid or Graphviz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..m01_tensor.record import Node
from ..m01_tensor.tensor import Tensor


def draw_graph(tensor: Tensor, format: str = "mermaid", names: Mapping[str, Tensor] | None = None) -> str:
    """Return the graph behind `tensor`, leaves at the top, as text that other tools draw.

    Args:
        tensor: the result, e.g. a loss, before its `backward()` has freed the graph.
        format: "mermaid" (Markdown pages draw it) or "dot" (`dot -Tsvg` draws it).
        names: names for the leaves, e.g. `dict(model.named_parameters())`.

    Raises:
        ValueError: the format is another.
        RuntimeError: the tensor has no graph, or it has been freed.

    Examples:
        >>> x = tt.tensor([1.0], requires_grad=True)
        >>> print(tt.draw_graph(x * 2, names={"x": x}), end="")
        graph TD
            n0(["x 1"])
            n1["mul 1"]
            n0 --> n1
    """
    if format not in ("mermaid", "dot"):
        raise ValueError(f"format is 'mermaid' or 'dot', not {format!r}")
    if not tensor.requires_grad:
        raise RuntimeError("this tensor does not require grad, so nothing was recorded behind it")
    named = {id(t): name for name, t in (names or {}).items()}
    boxes, arrows = _collect(tensor._node or tensor, named)
    return _mermaid(boxes, arrows) if format == "mermaid" else _dot(boxes, arrows)


def _collect(root: Any, names: Mapping[int, str]) -> tuple[list[tuple[str, bool]], list[tuple[int, int]]]:
    """Return the boxes (label, is a leaf), numbered in order of birth, and the arrows between them."""
    seen: dict[Any, None] = {}
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if item in seen:
            continue
        seen[item] = None
        if isinstance(item, Node):
            if item.edges is None:
                raise RuntimeError("this graph has been freed by backward(); draw it before")
            waiting += [edge for edge in item.edges if edge is not None]
    ordered = sorted(seen, key=lambda item: item.birth if isinstance(item, Node) else 0)
    number = {item: i for i, item in enumerate(ordered)}
    boxes, arrows = [], []
    for item in ordered:
        shape = "x".join(map(str, item.shape)) or "scalar"
        if isinstance(item, Node):
            boxes.append((f"{item.name.strip('_')} {shape}", False))
            arrows += [(number[edge], number[item]) for edge in item.edges if edge is not None]
        else:
            boxes.append((f"{names.get(id(item), 'leaf')} {shape}", True))
    return boxes, arrows


def _mermaid(boxes: list[tuple[str, bool]], arrows: list[tuple[int, int]]) -> str:
    lines = ["graph TD"]
    for i, (label, leaf) in enumerate(boxes):
        text = label.replace('"', "#quot;")
        lines.append(f'    n{i}(["{text}"])' if leaf else f'    n{i}["{text}"]')
    lines += [f"    n{a} --> n{b}" for a, b in arrows]
    return "\n".join(lines) + "\n"


def _dot(boxes: list[tuple[str, bool]], arrows: list[tuple[int, int]]) -> str:
    lines = ["digraph {", '    node [fontname="sans-serif"];']
    for i, (label, leaf) in enumerate(boxes):
        text = label.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'    n{i} [label="{text}", shape={"ellipse" if leaf else "box"}];')
    lines += [f"    n{a} -> n{b};" for a, b in arrows]
    return "\n".join([*lines, "}"]) + "\n"
