"""The patterns of a plan's names, compiled once for a whole tree.

Everything is matched in the "view" of a file: its bytes as Latin-1 text. There a position is a byte offset
whatever the encoding, a BOM and mixed newlines are just characters, and no byte can fail to decode. Numbers
and module names are ASCII in every encoding that source files use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .plan import Plan

DASH = r"(?:-|\xe2\x80\x93|\xe2\x80\x94|&[nm]dash;|&#821[12];)"  # en and em dash as UTF-8 in the view
DOTS = r"(?:\.\.\.?|\xe2\x80\xa6)"
TAG = r"(?:</?[a-z]{1,6}>)?"
BETWEEN = rf"(?:[*_`]{{0,3}}{TAG}[ \t]*(?:[:.)|(]|--?|{DASH}|\xc2\xb7)?[ \t]*{TAG}[*_`\[]{{0,3}})"

# What may stand before the number of a module in a name: m08_x, module_08_x, test_08_x.
PREFIXES = frozenset(
    ("", "m", "module_", "module-", "module", "lesson_", "lesson-")
    # what test files put before it
).union(("test_", "test-", "test_m", "test_module_", "tests_"))
# Whose numbers are never a module's, although they look alike.
OTHER_COUNTERS = (
    "milestone|checkpoint|chapter|step|week|day|part|exercise|figure|table|version|tier|phase|level|stage"
    "|page|line|row|section|issue"
)


def view(data: bytes) -> str:
    """Return bytes as text in which every position is a byte offset."""
    return data.decode("latin-1")


def phrase(words: str) -> str:
    """Return the pattern of a name or title whose words may be joined by spaces, dashes or underscores."""
    parts = [part for part in re.split(r"[ _-]+", view(words.encode())) if part]
    return r"[ _-]".join(re.escape(part) for part in parts)


class Names:
    """What to look for in a tree under a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.slugs = {*plan.source, *plan.target}
        phrases: dict[str, str] = {}
        for slug in self.slugs:
            phrases[phrase(slug).lower()] = slug
        for slug, title in plan.titles.items():
            phrases.setdefault(phrase(title).lower(), slug)
        self._phrases = {
            re.sub(r"\\(.)", r"\1", text).replace("[ _-]", " "): s for text, s in phrases.items()
        }
        longest = sorted(phrases, key=len, reverse=True)
        self.name = f"(?P<name>(?i:{'|'.join(longest)}))"
        ends = r"(?![A-Za-z0-9]|_+[A-Za-z0-9]|-[A-Za-z0-9])"
        self.titled = re.compile(
            rf"(?P<key>[Mm]odules?|MODULES?)"
            rf"(?P<gap>[ \t]+#?|[_-]|)(?P<number>\d{{1,3}})"
            rf"(?![\d_.]\d)(?!\d)(?:(?P<between>{BETWEEN}){self.name}{ends})?"
        )
        self.reverse = re.compile(rf"{self.name}[*_`]{{0,3}}[ \t]*\([ \t]*\Z")
        self.leading = re.compile(
            rf"(?<![\w.,:/+-])(?P<number>\d{{1,3}})(?P<between>{BETWEEN}){self.name}{ends}", re.ASCII
        )
        self.entry = re.compile(
            rf"(?<![\w.\-\[])(?P<quote>\\?[\"']?)(?P<number>\d{{1,3}})(?P=quote)[ \t]*(?::|=>?)[ \t]*"
            rf"[\[({{]?[ \t]*(?P<value>[bfru]?\\?[\"'`]?)"
            rf"(?:{self.name}(?P<end>\\?[\"'])|(?=[\w./-]*\d[_-][A-Za-z]))",
            re.ASCII,
        )
        quoted = "|".join(longest).encode("latin-1")
        self.quoted = re.compile(rb"[\"'](?i:%s)[\"']" % quoted)
        self.remarked = re.compile(rb"(?m)^[ \t]*[\"']?\d{1,3}[\"']?[ \t]*:[^\n#]*#[ \t]*(?i:%s)\b" % quoted)
        self.spoken = re.compile(rb"(?i:%s)" % quoted)
        self.noted = re.compile(rf"{self.name}(?=[ \t]*(?:[:,;.(]|--?[ \t]|{DASH}|\r?$))")
        self.cell = re.compile(rf"[\s*_`\[\]]*{self.name}[\s*_`]*(?:\]\([^()]*\))?[\s*_`]*")
        patterns = self._cheap()
        self._hot = [re.compile(pattern) for pattern in patterns]
        self._interest = [re.compile(pattern.encode("latin-1")) for pattern in patterns]

    def _cheap(self) -> list[str]:
        """Return patterns of which every line with a mention has one.

        Each begins with one kind of character, so that the rest of a file is passed over at full speed.
        """
        starts = "".join(sorted({slug[0] for slug in self.slugs} | {slug[0].upper() for slug in self.slugs}))
        heads = "|".join(sorted({re.escape(re.split("[ _-]", text)[0][:4]) for text in self._phrases}))
        joined = rf"[_-][{starts}]|(?<=\d{{{self.plan.width}}})_[A-Za-z]"
        first = "".join(sorted({letter for text in self._phrases for letter in (text[0], text[0].upper())}))
        titled = rf"[^A-Za-z0-9\n]{{1,30}}(?=[{re.escape(first)}])(?i:{heads})"
        spans = rf"(?<=0\d)(?<![\w-]0\d) ?(?:{DASH}|to) ?\d\d(?!\d)"  # 08-13, and no date
        return [
            rf"\d(?![\dA-Za-z\n])(?:{joined}|{titled}|{spans})",
            r"[Mm](?:odule|ODULE)[sS]?[ \t_#-]{0,3}\d",
            r"02d?[}_-]",
            r"ti(?:nytorch|to) [a-z -]*\d",
        ]

    def interesting(self, data: bytes) -> bool:
        """Whether a file may mention a module; most don't, and are not looked at further."""
        return any(pattern.search(data) for pattern in self._interest)

    def hot_lines(self, text: str) -> list[tuple[int, int]]:
        """Return the lines of a view that may mention a module; the rest needn't be looked at."""
        lines: dict[int, int] = {}
        for pattern in self._hot:
            at = -1
            for match in pattern.finditer(text):
                if match.start() >= at:
                    start = text.rfind("\n", 0, match.start()) + 1
                    at = text.find("\n", match.end())
                    at = len(text) if at < 0 else at
                    lines[start] = at
        return sorted(lines.items())

    def slug_of(self, text: str) -> str:
        """Return the module that a matched name or title means."""
        return self._phrases[re.sub(r"[ _-]", " ", text).lower()]

    def meant(self, text: str) -> str | None:
        """Return the module that a whole text names or titles."""
        return self._phrases.get(re.sub(r"[ _-]", " ", text).lower())

    def module(self, name: str) -> str | None:
        """Return the module whose name this is in a file name or identifier."""
        slug = re.sub(r"[-_]+", "_", name).lower()
        return slug if slug in self.slugs else None


def by_number(numbers: Mapping[str, int]) -> dict[int, str]:
    """Return the modules by number, without the numbers that two of them share."""
    taken: list[int] = list(numbers.values())
    return {number: slug for slug, number in numbers.items() if taken.count(number) == 1}


def overlaps(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether a span meets one of several."""
    return any(start < other_end and other_start < end for other_start, other_end in spans)
