"""Every module has its lesson: complete, of a readable length, and with examples that run."""

from __future__ import annotations

import doctest
import re
from typing import NamedTuple

PATHS = {"core", "advanced"}  # the second is walked after all milestones


class Block(NamedTuple):
    """A fenced block of a Markdown text."""

    language: str
    code: str
    line: int  # of its first line of code, from 1


def split(text: str) -> tuple[str, list[Block]]:
    """Split a Markdown text into its prose and its fenced blocks."""
    prose: list[str] = []
    blocks: list[Block] = []
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        mark = re.match(r" {0,3}(`{3,}|~{3,})\s*(.*)$", line)
        if mark and not fence:
            fence = mark[1]
            blocks.append(Block(mark[2].strip(), "", number + 1))
        elif mark and not mark[2] and mark[1].startswith(fence):
            fence = ""
        elif fence:
            blocks[-1] = blocks[-1]._replace(code=f"{blocks[-1].code}{line}\n")
        else:
            prose.append(line)
    assert not fence, "a fenced block is never closed"
    return "\n".join(prose), blocks


def test_the_front_matter_is_complete(room):
    facts = room.facts
    assert set(facts) == {"title", "summary", "needs", "path", "optional"}
    assert facts["title"]
    assert facts["summary"]
    assert facts["path"] in PATHS
    assert facts["optional"] in {"true", "false"}
    assert isinstance(facts["needs"], list)
    assert not re.search(r"\d", "".join(facts["needs"])), "a need is a slug, never a number"


def test_what_a_lesson_needs_comes_before_it(room):
    numbers = [need.number for need in room.needs]
    assert room.number is None or all(number < room.number for number in numbers if number is not None)


def test_a_lesson_is_readable_in_one_sitting(room):
    body = room.lesson.split("\n---\n", 1)[1]
    words = len(split(body)[0].split())
    assert 1500 <= words <= 3000, f"{words} words of prose"


def test_a_lesson_says_what_to_build_and_where_each_check_belongs(room):
    headings = set(re.findall(r"^## (.+)$", room.lesson, re.MULTILINE))
    assert {"Build it", "In PyTorch", "Exercises"} <= headings
    checks = re.findall(r"^def (check_\w+)", (room.folder / "checks.py").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"\bcheck_\w+", room.lesson)) == set(checks)


def test_the_examples_of_a_lesson_run(room, capsys):
    """Its Python blocks run in order and share their names; what follows `>>>` is compared exactly."""
    path = str(room.folder / "LESSON.md")
    blocks = split(room.lesson)[1]
    odd = [block.language for block in blocks if re.match(r"py(?!thon$)", block.language)]
    assert not odd, f"Python blocks are marked ```python, so that they run; these are not: {odd}"
    examples = [block for block in blocks if block.language == "python"]

    names: dict[str, object] = {"__name__": "lesson"}
    claims = 0
    for block in examples:
        if ">>>" in block.code:
            test = doctest.DocTestParser().get_doctest(block.code, names, room.name, path, block.line - 1)
            test.globs = names  # not the copy that was made of it
            report: list[str] = []
            runner = doctest.DocTestRunner(verbose=False)
            failed = runner.run(test, out=report.append, clear_globs=False).failed
            assert not failed, "".join(report)
            claims += sum(bool(example.want) for example in test.examples)
        else:
            code = "\n" * (block.line - 1) + block.code  # so that a traceback shows the line of the lesson
            exec(compile(code, path, "exec"), names)
            claims += len(re.findall(r"^\s*assert ", block.code, re.MULTILINE))
    assert claims >= 5, "a lesson shows results that can be wrong: outputs of `>>>`, or asserts"
