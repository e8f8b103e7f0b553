"""The commands that pages name exist: the program, what it is told to do, and each option.

A line of a block without a language (or `console`, `sh`) is a command, and so is code within a sentence that
begins like one. Programs of ours are asked with `--help`, and nothing else is ever run.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from course import ROOT, Course
from packaging.requirements import InvalidRequirement, Requirement

from checks.pages import Site, blocks, outside

SHELLS = ("", "console", "sh", "bash")
BEGINS = ("python ", "nox ", "hatch ", "tinytorch", "pip ")
OTHERS = {"cd", "git", "nix", "npm", "mkdir", "cp", "."}  # programs that aren't ours
# What a job of nox does with the words after `--`.
PASSED_ON = {
    "milestones": "python -m tinytorch.milestones run all",
    "bench": "python tools/bench/__main__.py",
    "docs": "python docs/build.py",
    "renumber": "python tools/renumber/rehearse.py",
}
FOREIGN = {"nox", "uv", "hatch", "torch", "tensorboard"}  # what a page may tell people to install


def wrong(site: Site) -> list[str]:
    """Return the commands that don't exist, with what is wrong with them."""
    named: dict[str, str] = {}
    for page, text in site.texts.items():
        for command in commands(text):
            named.setdefault(command, page)
    with ThreadPoolExecutor(4) as pool:
        faults = pool.map(fault, named)
    return [f"{page}: `{command}`: {said}" for (command, page), said in zip(named.items(), faults) if said]


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a page, those that are joined by `&&` one by one."""
    lines = [
        line.removeprefix("$ ")
        for block in blocks(text)
        if block.language in SHELLS and not block.title
        for line in block.text.replace("\\\n", " ").splitlines()
    ]
    if any(lines):
        lines = [line for line in lines if line.strip() and not line.startswith((" ", "#"))]
    inline = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", outside(text))
    lines += [code for code in inline if code.startswith(BEGINS) and " " in code.strip()]
    for line in lines:
        for part in re.sub(r"\s#.*", "", line).split(" && "):
            yield part.strip()


@cache
def fault(command: str) -> str:
    """Return what is wrong with a command, or nothing."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        return str(error)
    while words and re.fullmatch(r"\w+=\S*", words[0]):
        words = words[1:]
    if words[:3] == ["python", "-m", "pip"]:
        words = words[2:]
    if words[:3] == ["python", "-m", "nox"]:
        words = words[2:]
    program, rest = words[0], words[1:]
    scripts = scripts_of_packages()
    if program in OTHERS:
        return ""
    if program == "pip":
        return wrong_install(rest)
    if program == "nox":
        return wrong_job(rest)
    if program == "hatch":
        known = hatch_scripts()
        return "" if rest[:1] == ["run"] and rest[1] in known else f"hatch knows {sorted(known)}"
    if program in scripts:
        module, function = scripts[program].split(":")
        start = f"import sys; sys.argv[0] = {program!r}; from {module} import {function} as f; sys.exit(f())"
        return wrong_call([sys.executable, "-c", start], rest)
    if program in ("python", "python3"):
        return wrong_python(rest)
    return f"no such program: {program}"


def wrong_python(words: list[str]) -> str:
    """Tell what is wrong with the words after `python`."""
    if words[:1] == ["-m"]:
        module = words[1]
        if (ROOT / f"{module.replace('.', '/')}.py").is_file():
            return ""  # a tool of the repository, started from its root
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            return f"no module {module}"
        ours = module.startswith("tinytorch")
        return wrong_call([sys.executable, *words[:2]], words[2:]) if ours else ""
    if not words or words[0].startswith("-"):
        return ""
    if not (ROOT / words[0]).is_file():
        return f"no file {words[0]}"
    parsed = "argparse" in (ROOT / words[0]).read_text(encoding="utf-8")
    if not parsed:
        return f"{words[0]} takes no arguments" if words[1:] else ""
    return wrong_call([sys.executable, str(ROOT / words[0])], words[1:])


def wrong_call(program: list[str], words: list[str]) -> str:
    """Ask a program for help on what it is told to do: it then reads all that comes before."""
    done = subprocess.run([*program, *words, "--help"], capture_output=True, encoding="utf-8", cwd=ROOT)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    options = [word.split("=")[0] for word in words if word.startswith("-")]
    unknown = [option for option in options if not re.search(rf"(?<![\w-]){option}(?![\w-])", done.stdout)]
    return f"no option {', '.join(unknown)}" if unknown else ""


def wrong_job(words: list[str]) -> str:
    """Tell what is wrong with the words after `nox`."""
    ours, passed = words, []
    if "--" in words:
        ours, passed = words[: words.index("--")], words[words.index("--") + 1 :]
    if ours in ([], ["--list"]):
        return ""
    if ours[0] != "-s" or len(ours) < 2:
        return f"what is {ours}?"
    known = jobs()
    for job in ours[1:]:
        if job.split("(")[0] not in known:
            return f"no job {job} among {sorted(known)}"
    if not passed or ours[1] not in PASSED_ON:
        return ""
    call = PASSED_ON[ours[1]]
    if ours[1] == "milestones" and not passed[0].startswith("-"):
        call = call.removesuffix(" all")
    return fault(shlex.join([*shlex.split(call), *passed]))


def wrong_install(words: list[str]) -> str:
    """Tell what is wrong with the words after `pip`."""
    if words[:1] != ["install"]:
        return "only `pip install` is known"
    packages = {package.name: package for package in Course().packages}
    for word in words[1:]:
        if word.startswith("-"):
            continue
        if word.startswith("."):
            folder, _, extras = word.partition("[")
            found = [p for p in packages.values() if p.folder == (ROOT / folder).resolve()]
            if not found:
                return f"no package in {folder}"
            named = {extra for extra in extras.rstrip("]").split(",") if extra}
        else:
            try:
                requirement = Requirement(word)
            except InvalidRequirement as error:
                return str(error)
            if requirement.name in FOREIGN:
                continue
            if requirement.name not in packages:
                return f"no package {requirement.name}"
            found, named = [packages[requirement.name]], requirement.extras
        if named - set(found[0].extras):
            return f"no extra {named - set(found[0].extras)}"
    return ""


@cache
def jobs() -> set[str]:
    """Return the names of all jobs in noxfile.py."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {f.name for f in functions if any("session" in ast.unparse(d) for d in f.decorator_list)}


@cache
def hatch_scripts() -> set[str]:
    """Return the names of the scripts of hatch's environment."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return set(table["tool"]["hatch"]["envs"]["default"]["scripts"])


@cache
def scripts_of_packages() -> dict[str, str]:
    """Return the commands that the packages install, and the function that each calls."""
    files = [package.folder / "pyproject.toml" for package in Course().packages]
    tables = [tomllib.loads(file.read_text(encoding="utf-8"))["project"] for file in files]
    return {name: call for table in tables for name, call in table.get("scripts", {}).items()}
