"""The report: one file, everything in it, nothing left open."""

from __future__ import annotations

import base64
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

from tinytorch.milestones.catalog import RUNNABLE
from tinytorch.milestones.results import save_report

VOID = {"meta", "link", "img", "br", "hr", "path", "circle", "rect"}


class Checker(HTMLParser):
    """Collects attributes, and finds elements that don't close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    return checker


def test_report_holds_everything(everything) -> None:
    text = (everything.folder / "report.html").read_text(encoding="utf-8")
    checker = checked(text)
    sources = [value for _, name, value in checker.attributes if name in ("src", "srcset")]
    assert len(sources) == sum(1 for _ in everything.folder.glob("*/*.png"))
    for source in sources:
        kind, _, content = source.partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(content, validate=True).startswith(b"\x89PNG")
    for tag, name, value in checker.attributes:
        if name == "href" and value.startswith("http"):
            assert tag == "a"  # only where a reader clicks
        if tag == "img" and name == "alt":
            assert value
    assert not {"script", "iframe"} & {tag for tag, _, _ in checker.attributes}
    assert "@import" not in text
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    assert not re.search(r"\$[a-z{]", text)  # no place left open
    assert "Alpaydin" in text
    assert "CC BY 4.0" in text


def test_report_tells_the_numbers(everything) -> None:
    text = (everything.folder / "report.html").read_text(encoding="utf-8")
    names = [milestone.name for milestone in RUNNABLE]
    assert "Five networks that made history" in text
    for name in names:
        facts = json.loads((everything.folder / name / "metrics.json").read_text(encoding="ascii"))
        assert f'<section id="{name}">' in text
        assert f'href="#{name}"' in text
        assert facts["command"] in text
        assert facts["checks"][0]["shown"].partition(" (")[0] in text
    assert text.count('class="verdict passed"') == len(names)


def test_report_over_some(everything, tmp_path: Path) -> None:
    shutil.copytree(everything.folder / "mlp", tmp_path / "mlp")
    (tmp_path / "mlp" / "confusion.png").unlink()
    (tmp_path / "xor").mkdir()
    (tmp_path / "xor" / "metrics.json").write_text('{"of": "somebody else"}', encoding="ascii")
    (tmp_path / "perceptron").mkdir()
    (tmp_path / "perceptron" / "metrics.json").write_bytes(b"\xff{half a fi")
    report, kept = save_report(tmp_path)
    assert kept == []
    text = report.read_text(encoding="utf-8")
    checked(text)
    assert "One network that made history" in text
    assert text.count("<section") == 1
    assert 'class="nopicture"' in text
    assert "perceptrons in one layer" not in text  # nothing to compare with
