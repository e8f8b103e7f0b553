"""Plans: what is understood, and what is refused before a file is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tinytorch_renumber.course import COURSE, COURSE_NUMBERS
from tinytorch_renumber.errors import PlanError
from tinytorch_renumber.plan import load_plan, read_plan
from tinytorch_renumber.resolve import resolve

FOUND = {"tensor": 1, "layers": 2, "kv_caching": 3}
README = Path(__file__).parents[1] / "README.md"


def plan(text, found=FOUND):
    return resolve(read_plan(text, "plan"), found)


def test_option_1_closes_the_gap():
    after = resolve(load_plan("option-1"), {}).final
    assert "training" not in after
    assert after == {slug: n for n, slug in enumerate((s for s in COURSE if s != "training"), 1)}


@pytest.mark.parametrize("name", ["option-2", "option-3"])
def test_options_2_and_3_keep_all_numbers(name):
    assert resolve(load_plan(name), {}).final == COURSE_NUMBERS


def test_a_tree_that_agrees_with_the_course_speaks_of_all_of_it():
    assert resolve(load_plan("option-1"), {"tensor": 1, "spatial": 9}).source == COURSE_NUMBERS


def test_a_tree_with_its_own_order_has_that():
    order = {"tensor": 1, "training": 2, "spatial": 3}
    assert resolve(load_plan("option-1"), order).final == {"tensor": 1, "spatial": 2}


def test_a_tree_that_has_the_target_order_is_done():
    after = resolve(load_plan("option-1"), {}).final
    assert resolve(load_plan("option-1"), after).applied


def test_the_plan_of_the_readme():
    text = re.search(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
    found = plan(text)
    assert found.final == {"layers": 1, "tensor": 2, "memoization": 3}
    assert found.inverse(partial=True).final == {"tensor": 1, "layers": 2, "kv_caching": 3}


def test_a_removed_module_has_no_way_back():
    with pytest.raises(PlanError, match="undo"):
        resolve(load_plan("option-1"), {}).inverse()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('target = ["tensor", "tensor", "layers"]', "twice"),
        ('target = ["tensor", "layers"]', "says nothing of kv_caching"),
        ("[target]\ntensor = 1\nlayers = 1\nkv_caching = 2", "used by tensor and layers"),
        ("[target]\ntensor = 1\nlayers = 2\nkv_caching = 9", "gaps"),
        ("[target]\ntensor = 1\nlayers = 2\nkv_caching = -3", "has the number -3"),
        ('target = ["tensor", "layers", "kv_caching", "spatial"]', "no module 'spatial'"),
        ('[removed]\nspatial = "keep"', "no module 'spatial'"),
        ('[removed]\ntensor = "burn"', "'burn'"),
        ('[renamed]\ntensor = "layers"', "one name"),
        ('[renamed]\ntensor = "../x"', "no module name"),
        ('[renamed]\ntensor = "x"\n[removed]\ntensor = "keep"', "removed and renamed"),
        ('roots = ["../other"]', "leaves the root"),
        ('roots = ["/etc"]', "leaves the root"),
        ('ignore = ["C:\\\\x"]', "leaves the root"),
        ("[marks.tensor]\noptional = 1", "optional = true/false"),
        ("[source]\nTensor = 1", "no module name"),
        ('[source]\ntensor = "1"', "int was expected"),
        ("sauce = 1", "unknown keys sauce"),
        ("start = 2", "start belongs"),
        ("source = [", "is no TOML"),
    ],
)
def test_an_unsound_plan_is_refused(text, complaint):
    with pytest.raises(PlanError, match=re.escape(complaint)):
        plan(text)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--move", "spatially=3"], "no module 'spatially'"),
        (["--move", "spatial=40"], "which no module has"),
        (["--swap", "3", "99"], "no module has the number 99"),
        (["--insert", "tensor@05"], "is a module already"),
        (["no-such-plan"], "there is no plan"),
        (["option-1", "--swap", "1", "2"], "not both"),
        ([], "give a plan"),
    ],
)
def test_an_unsound_request_is_refused(words, complaint, tree, run, helpers):
    helpers.write_tree(tree, {"modules/01_tensor/x.py": "", "modules/02_activations/x.py": ""})
    before = helpers.picture(tree)
    code, output = run("apply", *words)
    assert code == 2
    assert complaint in output
    assert helpers.picture(tree) == before
    assert not (tree / ".renumber").exists()


def test_two_modules_with_one_number_need_a_plan_file(tree, run, helpers):
    files = {f"modules/{name}/x.py": "" for name in ("01_tensor", "02_layers", "02_losses", "03_spatial")}
    helpers.write_tree(tree, files)
    code, output = run("preview", "--swap", "1", "3")
    assert (code, "02 is used by layers and losses" in output) == (2, True)
    (tree / "plan.toml").write_text('target = ["tensor", "losses", "layers", "spatial"]', encoding="utf-8")
    assert run("apply", tree / "plan.toml")[0] == 0
    names = sorted(path.name for path in (tree / "modules").iterdir())
    assert names == ["01_tensor", "02_losses", "03_layers", "04_spatial"]


def test_roots_that_disagree_need_a_source_order(tree, run, helpers):
    """The plan says which order it means; what has the other one is left, and told."""
    files = {
        "one/01_tensor/LESSON.md": "See 02_layers.\n",
        "one/02_layers/LESSON.md": "x\n",
        "two/01_layers/LESSON.md": "x\n",
        "two/02_tensor/LESSON.md": "See 01_layers.\n",
        "three/01_tensor.md": "01_tensor\n",
    }
    helpers.write_tree(tree, files)
    plan_file = tree.parent / "plan.toml"
    words = 'roots = ["one", "two"]\ntarget = ["layers", "tensor"]\n'
    plan_file.write_text(words, encoding="utf-8")
    before = helpers.picture(tree)
    code, output = run("apply", plan_file)
    assert code == 2
    assert "layers is 02 and, in two, 01" in output
    assert helpers.picture(tree) == before
    plan_file.write_text(words + "[source]\ntensor = 1\nlayers = 2\n", encoding="utf-8")
    code, output = run("apply", plan_file)
    assert code == 1
    assert "two/02_tensor: stale: 02_tensor: tensor is 01; 02 agrees with the order of two" in output
    names = [path for path in helpers.picture(tree) if path.endswith(".md")]
    assert sorted(names) == [
        "one/01_layers/LESSON.md",
        "one/02_tensor/LESSON.md",
        "three/01_tensor.md",
        "two/01_layers/LESSON.md",
        "two/02_tensor/LESSON.md",
    ]
    assert (tree / "one/02_tensor/LESSON.md").read_text(encoding="utf-8") == "See 01_layers.\n"
    assert (tree / "three/01_tensor.md").read_text(encoding="utf-8") == "01_tensor\n"
    assert run("undo")[0] == 0
    assert helpers.picture(tree) == before
