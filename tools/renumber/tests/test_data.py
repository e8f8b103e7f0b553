"""Numbers and names that stand apart in data: each format's own reader says what belongs together."""

from __future__ import annotations

import ast
import json
import tomllib

import pytest
import yaml
from hypothesis import given, settings, strategies as st
from tinytorch_renumber import jsontext, pythontext, tomltext, yamltext
from tinytorch_renumber.groups import Group, Scalar
from tinytorch_renumber.plan import Plan
from tinytorch_renumber.python import syntax
from tinytorch_renumber.undo import rewrite

SLUGS = ["alpha", "beta_two", "gamma", "delta", "eps_three"]
KEY = st.text(st.sampled_from("ab09_é\u4e2d"), min_size=1, max_size=4)
LEAF = st.one_of(
    st.integers(0, 99), st.booleans(), st.text(st.sampled_from("ab 09:#'\\\"\né,]}["), max_size=6)
)
TREE = st.recursive(
    LEAF,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(KEY, below, max_size=3)),
    max_leaves=12,
)


def toml(value, root=True):
    """Write a value as TOML, which the standard library only reads; tables are written in both ways."""
    if isinstance(value, dict):
        if not root:
            return "{" + ", ".join(f"{json.dumps(k)} = {toml(v, False)}" for k, v in value.items()) + "}"
        plain = {k: v for k, v in value.items() if not isinstance(v, dict)}
        tables = {k: v for k, v in value.items() if isinstance(v, dict)}
        lines = [f"{k if k.isascii() else json.dumps(k)} = {toml(v, False)}  # 08" for k, v in plain.items()]
        for k, v in tables.items():
            lines += [f"[ {json.dumps(k)} ]", *(f"{json.dumps(a)}={toml(b, False)}" for a, b in v.items())]
        return "\n".join(lines)
    if isinstance(value, list):
        return "[\n" + "".join(f"  {toml(item, False)}, # x\n" for item in value) + "]"
    if isinstance(value, str) and "\n" in value and "\\" not in value and '"' not in value:
        return f'"""{value}"""' if not value.startswith("\n") else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def value_of(node, data, load):
    """Return what a group or scalar is, from the bytes at its place."""
    if isinstance(node, Scalar):
        written = data[node.start : node.end].decode()
        return load(written, node.quoted)
    if node.keyed:
        return {value_of(key, data, load): value_of(item, data, load) for key, item in node.items}
    return [value_of(item, data, load) for _, item in node.items]


def strings_of(value):
    """Return a value with all that is no text, number or container as JSON writes it."""
    if isinstance(value, dict):
        return {str(key): strings_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [strings_of(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)


@settings(max_examples=200, deadline=None)
@given(TREE.filter(lambda tree: isinstance(tree, dict | list)), st.sampled_from([None, 0, 2]), st.booleans())
def test_places_in_json(tree, indent, plain):
    data = json.dumps(tree, indent=indent, ensure_ascii=plain).encode()
    groups = jsontext.groups(data.decode("latin-1"))

    def load(written, quoted):
        return json.loads(f'"{written}"') if quoted else written

    assert value_of(groups[0], data, load) == strings_of(tree)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEY, TREE, max_size=4))
def test_places_in_toml(tree):
    data = toml(tree).encode()
    assert tomllib.loads(data.decode()) == tree
    groups = tomltext.Reader(data.decode("latin-1")).read()

    def load(written, quoted):
        long = f'"""{written}"""' if "\n" in written else f'"{written}"'
        return tomllib.loads(f"x = {long}")["x"] if quoted else written

    assert value_of(groups[0], data, load) == strings_of(tree)


@settings(max_examples=200, deadline=None)
@given(
    TREE.filter(lambda tree: isinstance(tree, dict | list)),
    st.booleans(),
    st.sampled_from([None, True, False]),
)
def test_places_in_yaml(tree, unicode, flow):
    data = yaml.safe_dump(tree, allow_unicode=unicode, default_flow_style=flow, width=1000).encode()
    groups, spans = yamltext.read(data)
    back = yaml.safe_load(data)
    assert back == tree

    def check(node, value):
        if isinstance(node, Scalar):
            written = data[node.start : node.end].decode()
            if (node.start, node.end) in spans:
                quote = data[node.start - 1 : node.start].decode() if node.quoted else ""
                assert yaml.safe_load(f"{quote}{written}{quote}") == value
        elif node.keyed:
            for (key, item), (name, inner) in zip(node.items, value.items(), strict=True):
                check(key, name)
                check(item, inner)
        else:
            for (_, item), inner in zip(node.items, value, strict=True):
                check(item, inner)

    check(groups[0], back)


@settings(max_examples=200, deadline=None)
@given(TREE.filter(lambda tree: isinstance(tree, dict | list)), st.sampled_from(["utf-8", "latin-1"]))
def test_places_in_python(tree, encoding):
    if encoding == "latin-1":
        tree = json.loads(json.dumps(tree, ensure_ascii=False).replace("\u4e2d", "\u00fc"))
    data = f"# -*- coding: {encoding} -*-\r\nx = 1; y = {tree!r}\r\n".encode(encoding)
    source, parsed = syntax(data)
    for group in pythontext.groups(source, parsed, [2]):
        waiting = [group]
        while waiting:
            for key, item in waiting.pop().items:
                for node in (key, item):
                    if isinstance(node, Group):
                        waiting.append(node)
                    elif node and node.end:
                        assert data[node.start : node.end].decode(encoding) == node.text
                        assert node.text.isdecimal()
    assert ast.literal_eval(f"{tree!r}") == tree


@pytest.mark.parametrize("form", ["json", "toml", "yaml", "py", "md"])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_each_right_pair_moves(form, data):
    """In any format, however the pairs are written: right numbers move, and the inverse leads back."""
    slugs = data.draw(st.permutations(SLUGS))
    target = data.draw(st.permutations(SLUGS))
    plan = Plan(
        "random",
        {slug: n for n, slug in enumerate(slugs, 8)},
        {slug: n for n, slug in enumerate(target, 8)},
    )
    shape = data.draw(st.sampled_from(["keyed", "siblings", "rows", "named"]))

    def write(numbers):
        padded = {slug: f"{n:02d}" for slug, n in numbers.items()}
        if shape == "keyed":
            table = {padded[slug]: {"size": 3, "name": slug} for slug in slugs}
        elif shape == "siblings":
            table = {"all": [{"name": slug, "size": 9, "number": numbers[slug]} for slug in slugs]}
        elif shape == "rows":
            table = {"all": [[numbers[slug], slug, 9] for slug in slugs]}
        else:
            table = {"size": 8, "all": dict(sorted(numbers.items()))}
        if form == "json":
            return json.dumps(table, indent=1).encode()
        if form == "toml":
            return toml(table).encode()
        if form == "py":
            return f"import x\n\n\ndef f():\n    return {table!r}\n".encode()
        # Keys are quoted: 08 without quotes is a text to YAML, and 10 is a number.
        text = json.dumps(table) + "\n" if shape == "keyed" else yaml.safe_dump(table, sort_keys=False)
        return (f"---\n{text}---\n\nnumber: 9\nname: alpha\n" if form == "md" else text).encode()

    before, after = write(plan.source), write(plan.target)
    assert rewrite(before, f"x.{form}", plan, False) == after
    assert rewrite(after, f"x.{form}", plan.inverse(), False) == before


@pytest.mark.parametrize("form", ["json", "toml", "yaml", "py", "ipynb"])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_lists_of_numbers_move_on_request(form, data):
    """Under a key that says so; without the request they stay, and so do those under other keys."""
    plan = Plan(
        "random",
        {slug: n for n, slug in enumerate(data.draw(st.permutations(SLUGS)), 8)},
        {slug: n for n, slug in enumerate(data.draw(st.permutations(SLUGS)), 8)},
    )
    slugs = data.draw(st.lists(st.sampled_from(SLUGS), min_size=1))
    key = data.draw(st.sampled_from(["completed_modules", "neededModules", "modules", "module_numbers"]))
    padded = data.draw(st.booleans())

    def write(numbers):
        some = [f"{numbers[slug]:02d}" if padded else numbers[slug] for slug in slugs]
        table = {key: some, "widths": [8, 9, 12], "completed_milestones": ["08"]}
        code = f"{key}: list = {some}\nwidths = [8, 9]\n"
        return {
            "json": lambda: json.dumps(table, indent=1),
            "toml": lambda: toml(table),
            "yaml": lambda: json.dumps(table) + "\n",
            "py": lambda: code,
            "ipynb": lambda: json.dumps({"cells": [{"cell_type": "code", "source": code}]}),
        }[form]().encode()

    before, after = write(plan.source), write(plan.target)
    assert rewrite(before, f"x.{form}", plan, True) == after
    assert rewrite(after, f"x.{form}", plan.inverse(), True) == before
    assert rewrite(before, f"x.{form}", plan, False) == before


def test_a_key_that_would_stand_twice_is_told(run, tree):
    """An entry must never be lost without a word: a removed module keeps its number if that isn't text."""
    text = (
        'MODULES = {7: "training", 8: "dataloader", 9: "spatial"}\n'
        'TEXTS = {"07": "training", "08": "dataloader"}\n'
    )
    (tree / "table.py").write_text(text, encoding="utf-8")
    (tree / "done.json").write_text('{"modules": {"07": 1, "08": {"name": "dataloader"}}}', encoding="utf-8")
    code, output = run("apply", "option-1")
    assert code == 1
    assert "table.py:1:12: bare: 7: 7 is then twice a key of the same mapping" in output
    assert "table.py:1:27: sure: 8: 7 is then twice a key of the same mapping" in output
    assert "done.json:1:15: bare: 07: 07 is then twice a key of the same mapping" in output
    assert (
        (tree / "table.py")
        .read_text(encoding="utf-8")
        .endswith('TEXTS = {"training": "training", "07": "dataloader"}\n')
    )


def test_what_is_no_table_of_modules_stays():
    plan = Plan(
        "swap", {"layers": 3, "training": 7, "spatial": 9}, {"layers": 7, "training": 3, "spatial": 9}
    )
    for text in (
        '{"layers": 3, "training": 7, "size": 1}',
        '{"layers": 3}',
        '{"layers": 3, "training": 8}',
        '[[3, "layers"]]',
        '{"hours": {"layers": 2, "training": 7, "spatial": 4}}',
        '{"number": 3, "name": "layers and more"}',
        '{"number": 3, "name": "layers", "title": "training"}',
    ):
        assert rewrite(text.encode(), "x.json", plan, False) == text.encode()
        assert rewrite(f"x = {text}\n".encode(), "x.py", plan, False) == f"x = {text}\n".encode()
