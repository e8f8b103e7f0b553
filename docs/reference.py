"""The reference: an overview of each track with all of its public names, a page for each of its modules."""

from __future__ import annotations

import importlib
import inspect
from typing import Annotated, Any, get_origin

import numpy as np
from course import Course, Module, stubs
from generated import front_matter

AUTHORS = "For authors of packages"  # public names that belong to no module


def reference_pages(course: Course) -> dict[str, str]:
    """Return the pages by their paths below `reference/`."""
    pages = {}
    for track, modules in tracks(course).items():
        pages[f"{track}/index.md"] = overview(track, modules)
        for module in modules:
            lines = [
                *front_matter(
                    f"{module.title} - reference",
                    f"The public names of the module {module.title}, with examples.",
                ),
                f"# {module.title}",
                "",
                f"Explained in [[{module.slug}]], installed with `tinytorch-{track}`. {beginning(track)}",
                "",
            ]
            for facade, names in module.exports.items():
                lines += [f"## From `{facade}`", ""]
                lines += [line for name in names for line in entry(facade, name)]
            pages[f"{track}/{module.slug}.md"] = "\n".join(lines)
    return pages


def tracks(course: Course) -> dict[str, list[Module]]:
    """Return the modules of each track, in the order of the course."""
    found: dict[str, list[Module]] = {}
    for module in course.modules:
        found.setdefault(module.track, []).append(module)
    return found


def beginning(track: str) -> str:
    """Return with which imports the examples of a track's docstrings begin."""
    imports = ["`import tinytorch.core as tt`", "`import numpy as np`"]
    if track != "core":
        imports.insert(1, f"`from tinytorch import {track}`")
    return f"The examples begin with {', '.join(imports[:-1])} and {imports[-1]}; a test runs them."


def overview(track: str, modules: list[Module]) -> str:
    """Return the page of a track: a table of the names of each module, and those that are in none."""
    folder = modules[0].folder
    lines = [
        *front_matter(f"tinytorch.{track}", f"Every public name of the package tinytorch-{track}."),
        f"# tinytorch.{track}",
        "",
        f"Every public name of the package `tinytorch-{track}`, by module. {beginning(track)}",
        "",
    ]
    for module in modules:
        lines += [f"## {module.title}", "", f"[Details and examples]({module.slug}.md)", ""]
        for facade, names in module.exports.items():
            lines += [f"| from `{facade}` | |", "|---|---|"]
            lines += [f"| [`{name}`][{facade}.{name}] | {summary(runtime(facade, name))} |" for name in names]
            lines.append("")
    rest = []
    for facade, stub in stubs(folder.parent):
        if facade.count(".") > 1:  # the facade is itself a name of the track's
            lines += [f'<span id="{facade}"></span>', ""]
        listed = {name for module in modules for name in module.exports.get(facade, [])}
        names = [name for name in stub if name not in listed and not inspect.ismodule(runtime(facade, name))]
        rest += [line for name in sorted(names) for line in entry(facade, name)]
    if rest:
        lines += [f"## {AUTHORS}", "", *rest]
    return "\n".join(lines)


def runtime(facade: str, name: str) -> Any:
    """Return the thing that a public name means."""
    return getattr(importlib.import_module(facade), name)


def entry(facade: str, name: str) -> list[str]:
    """Return the lines that bring the documentation of a name into a page.

    What the documentation tool finds in the source, it shows. Other names for a thing, dtypes and names of
    types are described here.
    """
    thing = runtime(facade, name)
    own = getattr(thing, "__name__", name)
    heading = [f"### `{name}` {{ #{facade}.{name} }}", ""]
    if inspect.ismodule(thing):
        lines = [*heading, first_line(thing), ""]
        functions = [f for f in vars(thing) if not f.startswith("_") and callable(getattr(thing, f))]
        own_functions = [f for f in functions if getattr(thing, f).__module__ == thing.__name__]
        return [*lines, *(f"- `{name}.{f}`: {first_line(getattr(thing, f))}" for f in own_functions), ""]
    if own != name and callable(thing) and hasattr(importlib.import_module(facade), own):
        return [*heading, f"Another name for [`{own}`][{facade}.{own}].", ""]
    if isinstance(thing, np.dtype) or get_origin(thing) is Annotated or not callable(thing):
        return [*heading, described(thing), ""]
    lines = [f"::: {facade}.{name}", ""]
    return lines + (methods(thing) if name == "Tensor" else [])


def described(thing: Any) -> str:
    """Return what a thing is in a sentence: its docstring's first, or what stands for it."""
    if isinstance(thing, np.dtype):
        return f"The dtype {thing.name}, `numpy.dtype({thing.name!r})`."
    if get_origin(thing) is Annotated or thing is Any:
        return "How a parameter of an operation is annotated; see [`op`][tinytorch.core.op]."
    return "All operations, by name." if isinstance(thing, dict) else first_line(thing)


def summary(thing: Any) -> str:
    """Return the same for a cell of a table."""
    return described(thing).replace("|", "\\|")


def first_line(thing: Any) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n")[0]


def methods(kind: Any) -> list[str]:
    """Return the table of a class's methods and properties, those that are made of functions included."""
    rows = ['??? note "All methods and properties"', "", "    | name | what it does |", "    |---|---|"]
    for name in dir(kind):
        if not name.startswith("_"):
            rows.append(f"    | `{name}` | {summary(getattr(kind, name))} |")
    return [*rows, ""]


def reference_table(course: Course, page: str) -> str:
    """Return the table of the facades, with the modules that their names come from."""
    rows = ["| facade | names | modules |", "|---|---|---|"]
    for track, modules in tracks(course).items():
        facades: dict[str, list[Module]] = {}
        for module in modules:
            for facade in module.exports:
                facades.setdefault(facade, []).append(module)
        for facade, givers in facades.items():
            count = sum(len(module.exports[facade]) for module in givers)
            listed = ", ".join(f"[{module.title}]({track}/{module.slug}.md)" for module in givers)
            name = facade.replace(".", ".<wbr>")  # where a narrow screen may break it
            rows.append(f"| [<code>{name}</code>]({track}/index.md) | {count} | {listed} |")
    return "\n".join(rows)
