"""From what was written and what a tree holds to a plan that is sound."""

from __future__ import annotations

from collections.abc import Mapping

from .course import COURSE_NUMBERS
from .errors import PlanError
from .plan import FATES, LARGEST, SLUG, Plan, Spec, inside


def resolve(
    spec: Spec, found: Mapping[str, int], titles: Mapping[str, str] | None = None, width: int = 2
) -> Plan:
    """Return the plan for a tree in which the numbers `found` were found.

    A tree that agrees with the course, as far as it goes, has the whole course as its source: it may mention
    modules whose folders it doesn't hold. Raises PlanError when the plan isn't sound.
    """
    course = all(COURSE_NUMBERS.get(slug) == number for slug, number in found.items())
    if spec.source is not None:
        sources = [dict(spec.source)]
    elif course:
        sources = [dict(COURSE_NUMBERS), dict(found)]
    else:
        sources = [dict(found), dict(COURSE_NUMBERS)]
    failure: PlanError | None = None
    for source in sources:
        try:
            plan = build(spec, source, titles or {}, width)
        except PlanError as error:
            failure = failure or error
            continue
        after = plan.final
        if found and any(plan.moves(slug) for slug in source) and disagreements(found, source):
            arrived = all(after.get(slug) == number for slug, number in found.items())
            if arrived:
                return Plan(**{**vars(plan), "applied": True})
        if source == dict(found) or spec.source is not None or course:
            return plan
    raise failure or PlanError(f"{spec.name} doesn't fit the order of this tree: {listed(found)}")


def disagreements(found: Mapping[str, int], source: Mapping[str, int]) -> list[str]:
    """Return the modules of the tree that the source order numbers otherwise."""
    return [slug for slug, number in found.items() if source.get(slug) != number]


def build(spec: Spec, source: dict[str, int], titles: Mapping[str, str], width: int) -> Plan:
    """Work out the target and validate the whole."""
    removed = dict(spec.removed)
    for slug in removed:
        known(slug, source, spec.name)
    if spec.target is not None:
        target = dict(spec.target)
        if spec.operations:
            raise PlanError(f"{spec.name}: give a target or operations, not both")
    else:
        target = dict(source)
        for slug, fate in removed.items():
            take_out(target, slug, fate)
        for operation in spec.operations:
            operate(target, removed, operation, spec.name)
    plan = Plan(
        name=spec.name,
        source=source,
        target=target,
        removed=removed,
        renamed=dict(spec.renamed),
        marks=spec.marks,
        titles={**titles, **spec.titles},
        roots=spec.roots,
        ignore=spec.ignore,
        width=width,
    )
    inserted = {operation[1] for operation in spec.operations if operation[0] == "insert"}
    validate(plan, inserted)
    return plan


def operate(target: dict[str, int], removed: dict[str, str], operation: tuple[str, ...], name: str) -> None:
    """Do one operation from the command line on the order so far."""
    kind, *words = operation
    if kind == "move":
        slug, number = words[0], int(words[1])
        known(slug, target, name)
        numbers = sorted(target.values())
        unique(target, name)
        if number not in numbers:
            raise PlanError(f"{name}: {slug} can't move to {number:02d}, which no module has")
        order = sorted(target, key=target.__getitem__)
        order.remove(slug)
        order.insert(numbers.index(number), slug)
        target.update(zip(order, numbers, strict=True))
    elif kind == "swap":
        unique(target, name)
        first, second = (which(word, target, name) for word in words)
        target[first], target[second] = target[second], target[first]
    elif kind == "remove":
        known(words[0], target, name)
        unique(target, name)
        removed[words[0]] = words[1]
        take_out(target, words[0], words[1])
    elif kind == "insert":
        slug, number = words[0], int(words[1])
        if slug in target:
            raise PlanError(f"{name}: {slug} is a module already; move it instead")
        unique(target, name)
        if number in target.values():
            target.update({other: n + 1 for other, n in target.items() if n >= number})
        target[slug] = number
    else:
        raise PlanError(f"{name}: unknown operation {kind}")


def take_out(target: dict[str, int], slug: str, fate: str) -> None:
    """Remove a module; unless it keeps its number too, those behind it move up."""
    gone = target.pop(slug)
    if gone not in target.values():
        target.update({other: n - 1 for other, n in target.items() if n > gone})


def which(word: str, target: Mapping[str, int], name: str) -> str:
    """Return the module that is meant by a number or a name."""
    if word.isdecimal():
        slugs = [slug for slug, number in target.items() if number == int(word)]
        if not slugs:
            raise PlanError(f"{name}: no module has the number {word}")
        return slugs[0]
    known(word, target, name)
    return word


def known(slug: str, numbers: Mapping[str, int], name: str) -> None:
    """Raise PlanError unless the order has this module."""
    if slug not in numbers:
        raise PlanError(f"{name}: there is no module {slug!r} in {listed(numbers)}")


def unique(numbers: Mapping[str, int], name: str) -> None:
    """Raise PlanError if two modules share a number."""
    for number in numbers.values():
        slugs = [slug for slug, other in numbers.items() if other == number]
        if len(slugs) > 1:
            shared = " and ".join(slugs)
            raise PlanError(f"{name}: {number:02d} is used by {shared}; a plan file with a target settles it")


def listed(numbers: Mapping[str, int]) -> str:
    """Return an order as a short text."""
    return ", ".join(f"{n:02d} {slug}" for slug, n in sorted(numbers.items(), key=lambda item: item[1]))


def gaps(numbers: Mapping[str, int]) -> set[int]:
    """Return the numbers between the lowest and the highest that no module has."""
    have = set(numbers.values())
    return set(range(min(have), max(have) + 1)) - have if have else set()


def validate(plan: Plan, inserted: set[str]) -> None:
    """Raise PlanError for whatever makes the plan unsound."""
    name, source, target = plan.name, plan.source, plan.target
    if not source:
        raise PlanError(f"{name}: no modules were found; give the source order in a plan file")
    for slug in (*source, *target, *plan.renamed.values()):
        if not SLUG.fullmatch(slug):
            raise PlanError(f"{name}: {slug!r} is no module name like kv_caching")
    for slug, number in (*source.items(), *target.items()):
        if not 0 <= number <= LARGEST:
            raise PlanError(f"{name}: {slug} has the number {number}")
    unique(target, name)
    for slug in target:
        if slug not in inserted:
            known(slug, source, name)
    for slug in source:
        if slug not in target and slug not in plan.removed:
            raise PlanError(f"{name}: the target says nothing of {slug}; name it there or in removed")
    for slug, fate in plan.removed.items():
        known(slug, source, name)
        if slug in target:
            raise PlanError(f"{name}: {slug} is in the target, so it can't be removed")
        if fate not in FATES:
            raise PlanError(f"{name}: {slug} is removed as {fate!r}; known are {', '.join(FATES)}")
    if len(gaps(target)) > len(gaps(source)):
        missing = ", ".join(f"{n:02d}" for n in sorted(gaps(target)))
        raise PlanError(f"{name}: the target leaves gaps: {missing}")
    for slug in (*plan.renamed, *plan.marks, *plan.titles):
        known(slug, {**source, **target}, name)
    if set(plan.renamed) & set(plan.removed):
        raise PlanError(f"{name}: a module can't be removed and renamed")
    names = [plan.renamed.get(slug, slug) for slug in (*target, *plan.removed)]
    if len(names) != len(set(names)):
        raise PlanError(f"{name}: two modules get one name")
    for path in (*plan.roots, *plan.ignore):
        if not inside(path):
            raise PlanError(f"{name}: {path!r} leaves the root")
