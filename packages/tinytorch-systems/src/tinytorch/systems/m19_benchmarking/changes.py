"""Two files of results: what became faster, what slower, and where nothing can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .intervals import MARGIN, SAME, Interval, unpaired_ratio

MACHINE = ("system", "machine", "processor", "cores")
OTHERWISE = "not in both files"
CALIBRATION = 0.05  # by how much the calibration may differ before the machine counts as another one


@dataclass(frozen=True)
class Change:
    """What became of one contestant of one case: `ratio` is new time over old, or None if one file lacks it.

    `against` is the same for the ratio of the subject to its peer, where the case has one: a machine that is
    faster or slower as a whole stands in both, so this is what can be compared between machines.
    """

    case: str
    threads: int
    kind: str
    subject: str
    peer: str
    old: float | None
    new: float | None
    unit: str
    ratio: Interval | None
    against: Interval | None
    noisy: bool
    margin: float = MARGIN

    @property
    def verdict(self) -> str:
        """Return "faster", "slower", "no difference", "too few rounds" or "not in both files"."""
        return OTHERWISE if self.ratio is None else self.ratio.verdict(self.margin)

    @property
    def verdict_against(self) -> str:
        """Return the same of the ratio to the peer; nothing without one."""
        return "" if self.against is None else self.against.verdict(self.margin)


def compare_results(old: Mapping[str, Any], new: Mapping[str, Any], margin: float = MARGIN) -> list[Change]:
    """Compare two files of results, case by case, in the order of the new one.

    Args:
        old: what `load_results` returned.
        new: the same of the later file.
        margin: what is no difference.
    """
    before, after = _by_key(old), _by_key(new)
    return [
        _change(key, before.get(key), after.get(key), margin)
        for key in [*after, *(key for key in before if key not in after)]
    ]


Key = tuple[str, int, str, str, str]


def _by_key(results: Mapping[str, Any]) -> dict[Key, Mapping[str, Any]]:
    return {
        (row["case"], row["threads"], row["kind"], row["subject"], row["peer"]): row
        for row in results["results"]
    }


def _change(key: Key, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, margin: float) -> Change:
    case, threads, kind, subject, peer = key
    either = old or new
    assert either is not None
    ratio = against = None
    if old and new:
        ours = [row["figures"][subject] for row in (new, old)]
        if min(map(min, ours)) > 0:
            ratio = unpaired_ratio(*ours)
        if peer != subject and kind != "import":
            theirs = [row["figures"][peer] for row in (new, old)]
            if min(map(min, ours + theirs)) > 0 and all(map(_same_length, ours, theirs)):
                now, then = map(_ratios, ours, theirs)
                against = unpaired_ratio(now, then)
    return Change(
        case, threads, kind, subject, peer,
        old["ours"] if old else None, new["ours"] if new else None, either["unit"],
        ratio, against, bool((old or {}).get("noisy") or (new or {}).get("noisy")), margin,
    )  # fmt: skip


def _same_length(a: Sequence[float], b: Sequence[float]) -> bool:
    return len(a) == len(b)


def _ratios(a: Sequence[float], b: Sequence[float]) -> list[float]:
    return [x / y for x, y in zip(a, b, strict=True)]


def same_machine(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Return whether both files come from machines that look alike."""
    return all(old["environment"].get(name) == new["environment"].get(name) for name in MACHINE)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what else differs between two files, in words: machine, versions, threads, its speed."""
    a, b = _flat(old["environment"]), _flat(new["environment"])
    found = [
        f"{name}: {a.get(name, 'none')} -> {b.get(name, 'none')}"
        for name in [*a, *(name for name in b if name not in a)]
        if a.get(name) != b.get(name) and name not in ("date", "load")
    ]
    if not same_machine(old, new):
        found.insert(0, "these are different machines: compare the ratios to the peers, not the times")
    speed = _calibration(old, new)
    if speed is not None and abs(speed.value - 1) > CALIBRATION and speed.verdict() != SAME:
        way = "slower" if speed.value > 1 else "faster"
        found.append(
            f"the machine itself was {abs(speed.value - 1):.0%} {way} (the same calibration work, "
            f"{speed.low:.2f} to {speed.high:.2f} of the time): believe the ratios to the peers"
        )
    return found


def _flat(environment: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in environment.items():
        if isinstance(value, dict):
            found |= {f"{name} {inner}": str(it) for inner, it in value.items()}
        else:
            found[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


def _calibration(old: Mapping[str, Any], new: Mapping[str, Any]) -> Interval | None:
    """Return the ratio of the calibration's times, by the cases that both files have."""
    a, b = (
        {(r["case"], r["threads"]): r["calibration"] for r in x["results"] if r["calibration"] > 0}
        for x in (old, new)
    )
    both = [key for key in a if key in b]
    return unpaired_ratio([b[key] for key in both], [a[key] for key in both]) if both else None
