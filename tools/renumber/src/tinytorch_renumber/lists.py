"""Numbers without a name that a key says are modules': "completed_modules": ["01", "02"], "module": 8."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .groups import NUMBER, Group, Scalar, mention
from .joined import Mention
from .names import OTHER_COUNTERS, Names

MODULES = re.compile(r"(?i)modules?(?:_?(?:numbers?|nums?|ids?))?(?![a-z])")  # in the key of a list
MODULE = re.compile(r"(?i)(?<![a-z])(?:\w+_)?module(?:_?(?:number|num|id|no))?")  # the key of one number
REACHED = r"(?i)(?<![a-z])(?:%s)(?![a-z])"
DONE = re.compile(REACHED % "completed?|done|finished|passed|started|unlocked|skipped|exported")
AT = re.compile(REACHED % "current|last|next|latest|active")
OTHERS = re.compile(rf"(?i){OTHER_COUNTERS}")
COUNT = re.compile(r"(?i)total|count|num_")
_ASSIGNED = rb"\\?[\"']?(?:[ \t]*:[^=\n]{1,40})?\s*[:=]\s*[\[({-]*\s*\\?[\"']?\d{1,3}\b"
_NUMBER = rb"(?:_?(?i:numbers?|nums?|ids?|no))?" + _ASSIGNED
LISTED = (  # each begins with what is seldom, so that it is found fast
    re.compile(rb"odules?" + _NUMBER),
    re.compile(rb"ODULES?" + _NUMBER),
    re.compile(rb"[\[(]\s*\\?[\"']\d\d\\?[\"']|- [\"']\d\d[\"']"),
)


def may_list(data: bytes) -> bool:
    """Whether data may hold such numbers; it costs little to ask."""
    return any(pattern.search(data) for pattern in LISTED)


def numbered(group: Group) -> Iterator[Scalar]:
    """Yield the numbers of which a key says that they are modules'."""
    lists = 0
    for key, value in group.items:
        if key and isinstance(value, Group) and not value.keyed:
            items = [
                item for _, item in value.items if isinstance(item, Scalar) and NUMBER.fullmatch(item.text)
            ]
            padded = all(item.quoted and len(item.text) == 2 for item in items)
            if len(items) == len(value.items) and (
                MODULES.search(key.text) or (padded and DONE.search(key.text) and not OTHERS.search(key.text))
            ):
                lists += 1
                yield from items
    for key, value in group.items:
        if key and isinstance(value, Scalar) and NUMBER.fullmatch(value.text) and group.table:
            near = lists and AT.search(key.text) and not COUNT.search(key.text)
            if (near or MODULE.fullmatch(key.text)) and not OTHERS.search(key.text):
                yield value


def listed(numbers: Iterable[Scalar], names: Names) -> Iterator[Mention]:
    """Yield numbers without a name, those of modules."""
    have = set(names.plan.source.values())
    for number in numbers:
        if int(number.text) in have:
            found = mention(number, "", form="listed")
            found.key = number.quoted
            yield found
