"""Deciding what a mention is, and what it becomes under the plan's one simultaneous map."""

from __future__ import annotations

import re
from typing import NamedTuple

from .joined import Mention
from .model import Edit, Status
from .names import DASH, DOTS, Names, by_number, view

MARKUP = re.compile(r"[*_`\[\]()<>|]")
ALONE = re.compile(
    r"(?:(?:^|\n)[ \t>]*(?:#{1,6}|[-*+])[ \t]+|[\"'>\[])\Z"
)  # before a heading, string or link text
SENTENCE = re.compile(r"\w[ \t]\Z")  # "of size 18. Embeddings are": the number ends a sentence
END = re.compile(r"[ \t]*#*[ \t]*(?:\r?\n|\Z)|[\"'<\]]")
RANGE = re.compile(rf"[ \t]*(?:{DASH}|{DOTS}|to|through)[ \t]*#?\Z", re.ASCII)


class Verdict(NamedTuple):
    """What a mention is, what changes, and why."""

    status: Status
    edits: list[Edit]
    reason: str = ""
    left: bool = False


def style(form: str, text: str, start: int) -> str:
    """Return what shares a way of writing numbers in a file; keys in quotes may differ from bare ones."""
    if form not in ("entry", "member", "listed"):
        return form
    return "quoted entry" if text[start - 1 : start] in ("'", '"') else "entry"


class Judge:
    """Applies one plan to the mentions of one file."""

    def __init__(
        self, names: Names, prose: bool = False, older: dict[tuple[int, str], str] | None = None
    ) -> None:
        self.names = names
        self.plan = names.plan
        self.prose = prose
        self.older = older or {}
        self.modules = by_number(self.plan.source)
        self.shared = set(self.plan.source.values()) - set(self.modules)
        self.unpadded: set[str] = set()
        self.zeros: set[str] = set()

    def look(self, text: str, mentions: list[Mention]) -> None:
        """Learn how this file writes numbers below ten, with or without a zero."""
        self.unpadded, self.zeros = set(), set()
        for mention in mentions:
            for start, end in mention.numbers:
                if end - start == 1:
                    self.unpadded.add(style(mention.form, text, start))
                elif text[start] == "0":
                    self.zeros.add(style(mention.form, text, start))

    def number(self, old: str, new: int, form: str, text: str, start: int) -> str:
        """Write a number in the style of the old one."""
        if form == "joined":
            return str(new).zfill(max(self.plan.width, len(old)))
        if old.startswith("0") or form == "leading":
            return str(new).zfill(len(old))
        kind = style(form, text, start)
        plain = len(old) == 1 or kind in self.unpadded or kind == "entry"
        return str(new) if plain and kind not in self.zeros else str(new).zfill(min(2, len(old)))

    def judge(self, mention: Mention, text: str, zone: str) -> Verdict | None:
        """Return the verdict; None for what isn't worth a word. `zone` is text, code or name."""
        form = mention.form
        if form == "decoy":
            return Verdict(Status.DECOY, [], "looks like a module and isn't one")
        if form == "dynamic":
            return Verdict(Status.DYNAMIC, [], "the name is computed when the program runs", self.moving)
        if form == "unknown":
            return Verdict(Status.DANGLING, [], "no module of the plan has this name", False)
        start, end = mention.numbers[0]
        number = int(text[start:end])
        if form in ("bare", "listed", "range", "command"):
            return self.bare(mention, text)
        expected = self.plan.source.get(mention.slug)
        weak = mention.weak or form == "entry"
        if weak and style(form, text, start) != "quoted entry" and expected != number and text[start] != "0":
            return None  # 3: "08_x" is a list's position, not a number
        if form == "maybe":
            moves = expected == number and self.plan.moves(mention.slug)
            reason = f"may be the number of something else than {mention.slug}"
            return Verdict(Status.BARE, [], reason, True) if moves else None
        if form == "leading" and not self.firm(mention, text, zone):
            if expected == number and self.prose and zone == "text" and end - start > 1:
                verdict = self.move(mention, text)
                return verdict._replace(status=Status.BARE) if verdict.status == Status.SURE else verdict
            moves = expected == number and self.plan.moves(mention.slug)
            return (
                Verdict(Status.BARE, [], "may be a number in a list", moves) if expected == number else None
            )
        if expected != number:
            if form == "leading" and number > max(self.plan.source.values()):
                return None  # no order of the course had so many modules
            return self.stale(mention, number)
        return self.move(mention, text)

    @property
    def moving(self) -> bool:
        """Whether the plan changes any number at all."""
        return any(self.plan.moves(slug) for slug in self.plan.source)

    def firm(self, mention: Mention, text: str, zone: str) -> bool:
        """Whether a number before a name can only be the module's: 08. Spatial, not 14 profiling runs.

        It doesn't depend on the number itself, or a plan and its inverse would judge differently.
        """
        start, end = mention.numbers[0]
        if zone != "text" or end - start < 2:
            return False
        alone = ALONE.search(text, max(0, start - 40), start) and END.match(text, mention.end)
        ends = "." in text[end : mention.name[0]] and SENTENCE.search(text, max(0, start - 3), start)
        return bool(alone or (mention.padded and not ends))

    def stale(self, mention: Mention, number: int) -> Verdict:
        """Leave a pair that contradicts the source order, and say which order it agrees with."""
        slug = mention.slug
        expected = self.plan.source.get(slug)
        if expected is None:
            return Verdict(Status.DANGLING, [], f"{slug} has no number before this plan")
        where = self.older.get((number, slug)) or f"an older order in which {slug} was {number:02d}"
        moves = self.plan.moves(slug) or self.plan.target.get(slug) == number
        return Verdict(Status.STALE, [], f"{slug} is {expected:02d}; {number:02d} agrees with {where}", moves)

    def move(self, mention: Mention, text: str) -> Verdict:
        """Rewrite a pair that agrees with the source order."""
        plan, slug = self.plan, mention.slug
        if not plan.moves(slug):
            return Verdict(Status.SURE, [])
        (start, end), (name_start, name_end) = mention.numbers[0], mention.name
        if plan.removed.get(slug) == "delete":
            return Verdict(Status.DANGLING, [], f"the plan deletes {slug}", True)
        edits: list[Edit] = []
        if slug in plan.target:
            new = self.number(text[start:end], plan.target[slug], mention.form, text, start)
            edits.append(Edit(start, end, new.encode()))
        elif mention.form == "joined":  # m07_x, test_07_x, 07-x -> x, test_x, x
            prefix = re.sub(r"(?:^|(?<=_))m$|-+$", "", text[mention.start : start])
            return Verdict(Status.SURE, [Edit(mention.start, name_start, prefix.encode())])
        elif mention.form != "member" and name_start > start and not MARKUP.search(text[end:name_start]):
            return Verdict(Status.SURE, [Edit(mention.start, name_start, b"")])
        elif mention.key:
            return Verdict(Status.SURE, [Edit(start, end, slug.encode())])
        else:
            return Verdict(Status.BARE, [], f"{slug} has no number after this plan", True)
        if slug in plan.renamed:
            name = text[name_start:name_end]
            same = plan.renamed[slug] == slug  # only written otherwise: 08_Spatial
            if mention.form == "joined" and (name.islower() or same):
                name = plan.renamed[slug].replace("_", "-" if "-" in text[end:name_end] else "_")
                edits.append(Edit(name_start, name_end, name.encode()))
            elif name and mention.form != "joined" and not same:
                return Verdict(Status.SURE, edits, f"{slug} is renamed; its title is left as it is", True)
        return Verdict(Status.SURE, [e for e in edits if view(e.text) != text[e.start : e.end]])

    def bare(self, mention: Mention, text: str) -> Verdict:
        """Rewrite numbers without a name on request, ranges as sets."""
        numbers = [int(text[start:end]) for start, end in mention.numbers]
        shared = [n for n in numbers if n in self.shared]
        if shared:
            return Verdict(Status.BARE, [], f"two modules have the number {shared[0]:02d}", True)
        known = [n for n in numbers if n in self.modules]
        if len(known) < len(numbers):
            dangling = mention.form != "range" and len(text) > 0
            status = Status.DANGLING if dangling else Status.BARE
            return Verdict(status, [], "no module has this number", False)
        edits, whole = self.remap(mention, text, numbers)
        if not edits and whole:
            return Verdict(Status.BARE, [])
        if not whole and self.prose and mention.key:  # "07" -> "training"
            slug = self.modules[numbers[0]]
            if self.plan.removed.get(slug) == "unnumber":
                return Verdict(Status.BARE, [Edit(*mention.numbers[0], slug.encode())])
        if not whole:
            return Verdict(Status.BARE, [], "a module in it has no number after this plan", True)
        if not self.prose:
            return Verdict(Status.BARE, [], "a number without a name; --prose rewrites it", True)
        return Verdict(Status.BARE, edits)

    def remap(self, mention: Mention, text: str, numbers: list[int]) -> tuple[list[Edit], bool]:
        """Return the edits of single numbers and ranges, and whether all of them have a new value."""
        edits: list[Edit] = []
        at = 0
        while at < len(numbers):
            start, end = mention.numbers[at]
            if at + 1 < len(numbers):
                last_start, last_end = mention.numbers[at + 1]
                gap = text[end:last_start]
                if RANGE.match(gap) and numbers[at] < numbers[at + 1]:
                    members = [n for n in self.modules if numbers[at] <= n <= numbers[at + 1]]
                    new = sorted(n for n in map(self.after, members) if n is not None)
                    if not new:
                        return [], False
                    edits += self.rerange(text, (start, end), (last_start, last_end), new)
                    at += 2
                    continue
            value = self.after(numbers[at])
            if value is None:
                return [], False
            edits.append(
                Edit(start, end, self.number(text[start:end], value, mention.form, text, start).encode())
            )
            at += 1
        return [e for e in edits if view(e.text) != text[e.start : e.end]], True

    def rerange(self, text: str, first: tuple[int, int], last: tuple[int, int], new: list[int]) -> list[Edit]:
        """Write a set of numbers as runs, with the dash that stood there."""
        gap = text[first[1] : last[0]]
        runs: list[list[int]] = []
        for n in new:
            if runs and n == runs[-1][-1] + 1:
                runs[-1].append(n)
            else:
                runs.append([n])
        old = text[first[0] : first[1]]

        def write(n: int) -> str:
            return self.number(old, n, "range", text, first[0])

        if len(runs) == 1 and len(new) > 1:
            ends = Edit(*first, write(new[0]).encode()), Edit(*last, write(new[-1]).encode())
            return list(ends)
        pieces = [write(r[0]) + (gap + write(r[-1]) if len(r) > 1 else "") for r in runs]
        return [Edit(first[0], last[1], ", ".join(pieces).encode("latin-1"))]

    def after(self, number: int) -> int | None:
        """Return what becomes of a number that stands without a name."""
        slug = self.modules[number]
        if self.plan.removed.get(slug) == "keep":
            return number
        return self.plan.target.get(slug)
