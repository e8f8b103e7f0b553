"""Results as a page: one file, nothing from the network, light and dark, for a screen or a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from . import plots
from .changes import Change, compare_results, differences
from .results import UNITS

STYLE = Path(__file__).with_name("report.css")
Row = Mapping[str, Any]


def html_report(results: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> str:
    """Return results as a page of HTML that needs nothing but itself.

    Args:
        results: what `load_results` returned.
        old: older results; then the page tells, too, what became faster and what slower.
    """
    rows = results["results"]
    body = [*_head(results), *_changes(old, results), *_table(rows), *_rounds(rows), *_machine(results)]
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Benchmark of {escape(_date(results))}</title>\n<style>\n{style}</style>\n"
        "</head>\n<body>\n<main>\n" + "\n".join(body) + "\n</main>\n</body>\n</html>\n"
    )


def _date(results: Mapping[str, Any]) -> str:
    return str(results["environment"].get("date", "an unknown day"))[:10]


def _head(results: Mapping[str, Any]) -> Iterator[str]:
    rows, environment = results["results"], results["environment"]
    yield f"<h1>Benchmark of {escape(_date(results))}</h1>"
    yield f"<p>{escape(str(environment.get('processor', 'an unknown processor')))}, "
    yield f"{escape(str(environment.get('python', 'Python')))}.</p>"
    measured = {(row["case"], row["threads"]) for row in rows}
    noisy = {(row["case"], row["threads"]) for row in rows if row["noisy"]}
    limited = [row for row in rows if row.get("limit") is not None]
    over = [row for row in limited if not row["ok"]]
    if noisy:
        yield f'<p class="banner bad">The machine was noisy in {len(noisy)} of {len(measured)} measurements: '
        yield "don't quote these.</p>"
    else:
        yield f'<p class="banner good">The machine was quiet in all {len(measured)} measurements.</p>'
    if limited:
        kind = "bad" if over else "good"
        within = f"{len(limited) - len(over)} of {len(limited)} figures are within their limits."
        yield f'<p class="banner {kind}">{within}</p>'


def _table(rows: Sequence[Row]) -> Iterator[str]:
    ratios = [row for row in rows if _has_ratio(row)]
    ends = [row[end] for row in ratios for end in ("low", "high")] + [
        r["limit"] for r in ratios if r.get("limit")
    ]
    scale = plots.Scale(ends)
    yield "<h2>Figures</h2>"
    yield "<p>Medians. A bar is the interval of a ratio, left is faster; the line is 1, the dashed one"
    yield "the limit.</p>"
    yield _heads("case", "threads", "figure", "against", "ratio", "interval", "verdict")
    for row in rows:
        bar, words = "", ""
        if _has_ratio(row):
            bar = plots.interval(
                row["value"], row["low"], row["high"], row.get("limit"), row["verdict"], scale
            )
            words = f"{row['value']:.2f} <small>({row['low']:.2f} to {row['high']:.2f})</small>"
        elif row["peer"] != row["subject"]:
            value, low, high = (row[name] * 1e3 for name in ("value", "low", "high"))
            words = f"{value:+.1f} ms <small>({low:+.1f} to {high:+.1f})</small>"
        yield (
            f'<tr><th scope="row">{escape(row["case"])}</th>{_cell("threads", row["threads"])}'
            f"{_cell('figure', _figure(row, 'ours'))}{_cell('against', _peer(row))}"
            f"{_cell('ratio', words)}{_cell('interval', bar)}{_cell('verdict', _verdict(row))}</tr>"
        )
    yield "</tbody></table>"


def _heads(*names: str) -> str:
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f'<table class="figures"><thead><tr>{heads}</tr></thead><tbody>'


def _has_ratio(row: Row) -> bool:
    return bool(row["peer"] != row["subject"] and row["kind"] != "import" and 0 < row["value"] < 1e300)


def _cell(name: str, content: object) -> str:
    """Return a cell that knows its heading: on a phone there are no columns."""
    return f'<td data-name="{name}">{content}</td>' if content != "" else '<td class="none"></td>'


def _figure(row: Row, side: str) -> str:
    return f"{plots.number(row[side])} {escape(row['unit'])}" if row[side] < 1e290 else "never"


def _peer(row: Row) -> str:
    return (
        ""
        if row["peer"] == row["subject"]
        else f"{escape(row['peer'])} <small>{_figure(row, 'theirs')}</small>"
    )


def _verdict(row: Row) -> str:
    kind = {"faster": "good", "slower": "bad"}.get(row["verdict"], "same")
    marks = [f'<span class="{kind}">{escape(row["verdict"])}</span>'] if row["verdict"] else []
    if row.get("limit") is not None:
        over = f"{'within' if row['ok'] else 'OVER'} the limit{'' if row.get('sure') else ', not surely'}"
        marks.append(f'<span class="{"good" if row["ok"] else "bad"}">{over}</span>')
    if row["noisy"]:
        marks.append('<span class="bad">noisy</span>')
    return " ".join(marks)


def _rounds(rows: Sequence[Row]) -> Iterator[str]:
    yield "<h2>Round by round</h2>"
    for (case, threads), group in groupby(rows, key=lambda row: (row["case"], row["threads"])):
        found = list(group)
        scale, unit = UNITS.get(found[0]["kind"], (1.0, found[0]["unit"]))
        figures: dict[str, Sequence[float]] = {}
        for row in found:
            for name in (row["subject"], row["peer"]):
                if max(row["figures"][name]) < 1e290:
                    figures[name] = row["figures"][name]
        many = "1 thread" if threads == 1 else f"{threads} threads"
        noisy = found[0]["noisy"]
        yield f"<details{' open' if noisy else ''}>"
        yield f"<summary>{escape(case)}, {many}{' - noisy' if noisy else ''}</summary>"
        if found[0]["reasons"]:
            yield "<ul>" + "".join(f"<li>{escape(str(why))}</li>" for why in found[0]["reasons"]) + "</ul>"
        if figures:
            yield f"<p>{escape(unit)}, over the rounds from left to right</p>"
            yield plots.rounds(figures, scale, unit)
        yield "</details>"


def _changes(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterator[str]:
    if old is None:
        return
    yield f"<h2>Since {escape(_date(old))}</h2>"
    notes = differences(old, new)
    if notes:
        yield "<ul>" + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>"
    changes = compare_results(old, new)
    scale = plots.Scale([end for c in changes if c.ratio for end in (c.ratio.low, c.ratio.high)])
    yield _heads("case", "threads", "old", "new", "new / old", "interval", "verdict")
    for change in changes:
        yield _changed(change, scale)
    yield "</tbody></table>"


def _changed(change: Change, scale: plots.Scale) -> str:
    old, new = (
        f"{plots.number(x)} {escape(change.unit)}" if x is not None else "" for x in (change.old, change.new)
    )
    words = bar = ""
    if change.ratio:
        r = change.ratio
        words = f"{r.value:.2f} <small>({r.low:.2f} to {r.high:.2f})</small>"
        bar = plots.interval(r.value, r.low, r.high, None, change.verdict, scale)
    kind = {"faster": "good", "slower": "bad"}.get(change.verdict, "same")
    verdict = f'<span class="{kind}">{change.verdict}</span>'
    if change.against:
        verdict += f" <small>against {escape(change.peer)}: {change.verdict_against}</small>"
    if change.noisy:
        verdict += ' <span class="bad">noisy</span>'
    return (
        f'<tr><th scope="row">{escape(change.case)}</th>{_cell("threads", change.threads)}'
        f"{_cell('old', old)}{_cell('new', new)}{_cell('new / old', words)}{_cell('interval', bar)}"
        f"{_cell('verdict', verdict)}</tr>"
    )


def _machine(results: Mapping[str, Any]) -> Iterator[str]:
    yield '<h2>Machine</h2><dl class="machine">'
    for name, value in results["environment"].items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {it}" for key, it in value.items())
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        said = escape(str(value)) if value not in ("", None) else "-"
        yield f"<div><dt>{escape(name)}</dt><dd>{said}</dd></div>"
    yield "</dl>"
