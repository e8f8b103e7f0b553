"""Positions in TOML: the standard library checks a text but doesn't say where its parts stand."""

from __future__ import annotations

import re
import tomllib

from .groups import Group, Scalar

SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
BLANK = re.compile(r"[ \t]*")
KEY = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
DOT = re.compile(r"[ \t]*\.[ \t]*")
LONG = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}', re.DOTALL)
PLAIN = re.compile(r"[^,\]}#\r\n]+")


def is_toml(data: bytes) -> bool:
    """Whether these bytes are valid TOML."""
    try:
        tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


class Reader:
    """Reads valid TOML, given as a view; nothing is checked any more."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 3 if text.startswith("\xef\xbb\xbf") else 0
        self.found: list[Group] = []

    def group(self, keyed: bool) -> Group:
        """Return a new group, and remember it."""
        self.found.append(Group(keyed))
        return self.found[-1]

    def skip(self, pattern: re.Pattern[str] = SPACE) -> str:
        """Pass over space and comments; return the next character."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def read(self) -> list[Group]:
        """Return every table and array."""
        root = here = self.group(True)
        while head := self.skip():
            if head == "[":
                many = self.text.startswith("[[", self.at)
                self.at += 1 + many
                *above, last = self.keys()
                self.at += 1 + many
                parent = self.below(root, above)
                here = self.another(parent, last) if many else self.below(parent, [last])
            else:
                self.pair(here)
        return self.found

    def pair(self, group: Group) -> None:
        """Read a key and its value into a group."""
        *above, last = self.keys()
        self.skip(BLANK)
        self.at += 1  # the equals sign
        group = self.below(group, above)
        group.items.append((last, self.value()))

    def keys(self) -> list[Scalar]:
        """Read a key and its parts."""
        keys: list[Scalar] = []
        self.skip(BLANK)
        while match := KEY.match(self.text, self.at):
            quoted = match[0][0] in "\"'"
            start, end = match.start() + quoted, match.end() - quoted
            keys.append(Scalar(self.text[start:end], start, end, quoted))
            self.at = match.end()
            if not (dot := DOT.match(self.text, self.at)):
                break
            self.at = dot.end()
        self.skip(BLANK)
        return keys

    def below(self, group: Group, keys: list[Scalar]) -> Group:
        """Return the table at a key, made where there is none; of an array the last table."""
        for key in keys:
            inner = next(
                (v for k, v in group.items if k and k.text == key.text and isinstance(v, Group)), None
            )
            if inner is None:
                inner = self.group(True)
                group.items.append((key, inner))
            if not inner.keyed and inner.items and isinstance(inner.items[-1][1], Group):
                inner = inner.items[-1][1]
            group = inner
        return group

    def another(self, group: Group, key: Scalar) -> Group:
        """Return a new table in the array of tables at a key."""
        found = next((v for k, v in group.items if k and k.text == key.text and isinstance(v, Group)), None)
        if found is None:
            found = self.group(False)
            group.items.append((key, found))
        new = self.group(True)
        found.items.append((None, new))
        return new

    def value(self) -> Scalar | Group:
        """Read a value."""
        head = self.skip()
        if head in ("[", "{"):
            self.at += 1
            group = self.group(head == "{")
            while (following := self.skip()) not in ("]", "}", ""):
                if following == ",":
                    self.at += 1
                elif group.keyed:
                    self.pair(group)
                else:
                    group.items.append((None, self.value()))
            self.at += 1
            return group
        match = LONG.match(self.text, self.at) or (KEY if head in ("'", '"') else PLAIN).match(
            self.text, self.at
        )
        if match is None:
            raise ValueError(f"no value at {self.at}")
        self.at = match.end()
        quotes = 3 if match[0][:3] in ('"""', "'''") else int(head in ("'", '"'))
        start, end = match.start() + quotes, match.end() - quotes
        text = self.text[start:end]
        return (
            Scalar(text, start, end, True)
            if quotes
            else Scalar(text.rstrip(), start, start + len(text.rstrip()))
        )
