"""The commands and the examples of the READMEs are true."""

from __future__ import annotations

import re


def commands(root):
    """The command lines of the README's first block."""
    block = re.search(r"^```\n(.*?)^```$", (root / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert block
    return block[1].splitlines()


def test_the_commands_come_first_and_need_only_pip(root):
    assert len(commands(root)) == 2
    assert all(line.startswith("python -m pip install nox uv && python -m nox") for line in commands(root))
    assert (root / "README.md").read_text(encoding="utf-8").index("```") < 1000


def test_ci_runs_the_command_for_all_tests(root):
    last = (root / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert last == commands(root)[1]


def test_the_examples_of_every_readme_run(root, packages):
    readmes = [folder / "README.md" for folder in [root, *(package.folder for package in packages.values())]]
    for readme in readmes:
        text = readme.read_text(encoding="utf-8")
        for match in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            code = (
                "\n" * text.count("\n", 0, match.start(1)) + match[1]
            )  # so that a traceback's line is right
            exec(compile(code, str(readme), "exec"), {"__name__": "readme"})


def test_the_links_of_every_readme_lead_somewhere(root, packages):
    for folder in [root, *(package.folder for package in packages.values())]:
        text = (folder / "README.md").read_text(encoding="utf-8")
        links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
        missing = [link for link in links if not link.startswith("http") and not (folder / link).exists()]
        assert not missing, f"{folder.name}/README.md"
