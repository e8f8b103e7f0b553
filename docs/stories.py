"""The milestones' pages: the story that the report tells, with the numbers and pictures of a run."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

from course import ROOT, Course
from generated import AFTER, link
from tinytorch.milestones.catalog import MILESTONES, Milestone
from tinytorch.milestones.report.build import readable
from tinytorch.milestones.report.templates import fill
from tinytorch.milestones.report.words import WORDS

RESULTS = ROOT / "docs" / "pages" / "milestones" / "results"


def take_pictures(source: Path) -> None:
    """Keep the numbers and pictures of a run, the pictures with fewer colours so that they are small."""
    from PIL import Image

    for folder in sorted(path for path in source.iterdir() if (path / "metrics.json").is_file()):
        target = RESULTS / folder.name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        facts = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        (target / "metrics.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
        for entry in facts["pictures"]:
            with Image.open(folder / entry["file"]) as picture:
                picture.thumbnail((1400, 2400))
                picture.convert("RGB").quantize(128).save(target / entry["file"], optimize=True)


def results() -> dict[str, dict[str, Any]]:
    """Return the numbers of the runs that are kept."""
    files = sorted(RESULTS.glob("*/metrics.json"))
    return {file.parent.name: json.loads(file.read_text(encoding="utf-8")) for file in files}


def of_page(page: str) -> Milestone:
    """Return the milestone that a page is about."""
    return next(m for m in MILESTONES if m.name == Path(page).stem)


def milestone_story(course: Course, page: str) -> str:
    """Return the story of a milestone: its history, what it reached, the pictures that the run made."""
    name = of_page(page).name
    facts = results()[name]
    pictures = {f"picture_{entry['name']}": picture(name, entry) for entry in facts["pictures"]}
    words = WORDS[name](facts | {"drawn": pictures}, results()) | pictures
    reached = "".join(f"<li>{html.escape(c['what'])}: {readable(c['shown'])}</li>" for c in facts["checks"])
    words |= {"epochs": str(facts["epochs"]), "verdict": f'<div class="verdict"><ul>{reached}</ul></div>'}
    story = fill(f"stories/{name}.html", **words)
    story = story[story.index('<p class="lede">') :]
    story = re.sub(r"<h3>(.*?)</h3>", r"\n## \1\n", story, flags=re.DOTALL)
    story = re.sub(r"^(<(?:p|figure|div)\b)", r"\n\1", story, flags=re.MULTILINE)
    return f"It can be run after {link(course.by_slug[AFTER[name]], page)}.\n\n{story}"


def picture(name: str, entry: dict[str, str]) -> str:
    """Return a picture as an element."""
    content = (RESULTS / name / entry["file"]).read_bytes()
    width, height = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))  # PNG's header
    size = f'width="{width}" height="{height}" loading="lazy"'
    return f'<img src="results/{name}/{entry["file"]}" alt="{html.escape(entry["alt"])}" {size}>'


def milestone_code(course: Course, page: str) -> str:
    """Return the script of a milestone, as it is in the tree."""
    script = of_page(page).script
    code = (ROOT / "milestones" / "src" / "tinytorch" / "milestones" / f"{script}.py").read_text(
        encoding="utf-8"
    )
    return f'``` {{ .python title="{script}.py" }}\n{code.strip()}\n```'


def milestone_again(course: Course, page: str) -> str:
    """Return how to get the same numbers again."""
    milestone = of_page(page)
    facts = results()[milestone.name]
    data = facts["data"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    more = []
    if milestone.takes_data:
        more = ["", "Your own images: `--data FOLDER` reads IDX files, as MNIST and Fashion-MNIST have them."]
    return "\n".join(
        [
            "From a clone of the repository:",
            "",
            "```",
            f"python -m nox -s milestones -- {milestone.name} --seed {facts['seed']}",
            "```",
            "",
            f"The pictures and numbers of this page come from that seed, {facts['epochs']} passes, "
            f"{html.escape(data['name'])} ({data['train']:,} to learn from, {data['test']:,} to be tested "
            f"with), and {versions}. The same seed gives the same numbers, up to what another version or "
            "another processor rounds differently.",
            *more,
        ]
    )
