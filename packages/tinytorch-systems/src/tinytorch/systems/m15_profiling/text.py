"""Numbers and tables as text, in ASCII."""

from __future__ import annotations

from collections.abc import Sequence


def duration(microseconds: float) -> str:
    """Return a time with the unit that fits, as PyTorch's profiler shows it."""
    if microseconds >= 1e6:
        return f"{microseconds / 1e6:.3f}s"
    if microseconds >= 1e3:
        return f"{microseconds / 1e3:.3f}ms"
    return f"{microseconds:.3f}us"


def byte_size(size: float | None) -> str:
    """Return a number of bytes with the unit that fits; "--" for None."""
    if size is None:
        return "--"
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if abs(size) >= unit:
            return f"{size / unit:.2f} {name}"
    return f"{size:.0f} B"


def amount(number: float) -> str:
    """Return a number with a letter for thousands, millions, ...; small ones whole, 0 as "--"."""
    for unit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K")):
        if abs(number) >= unit:
            return f"{number / unit:.3f} {letter}"
    return f"{number:.0f}" if number else "--"


def percent(part: float, whole: float) -> str:
    """Return a part in percent."""
    return f"{100 * part / whole:.2f}%" if whole else "--"


def grid(columns: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return columns with their headings as a table; the first is aligned left, the others right."""
    widths = [max(len(heading), *map(len, cells), 0) if cells else len(heading) for heading, cells in columns]

    def line(cells: Sequence[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]).rstrip()

    rule = "  ".join("-" * width for width in widths)
    rows = zip(*(cells for _, cells in columns), strict=True)
    return "\n".join([rule, line([heading for heading, _ in columns]), rule, *map(line, rows), rule])
