"""Results in files, their comparison, the report, and the command, with processes of their own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from tinytorch.systems import (
    Case,
    Race,
    ResultsError,
    SimulatedMachine,
    compare_results,
    html_report,
    load_results,
    measure_case,
    results_file,
    rows_of,
    run_command,
    save_results,
    tinytorch_bench,
)

CASES = """
import time
from tinytorch.systems import Case, SingleStream


def sleeping(seconds):
    print("building")  # what a contestant prints mustn't disturb anything
    return lambda: time.sleep(seconds)


def failing():
    raise ZeroDivisionError("on purpose")


def large():
    kept = []

    def step():
        kept.append(bytearray(8 * 2**20))

    return step


CASES = [
    Case("sleeps", {"short": lambda: sleeping(0.001), "long": lambda: sleeping(0.003)}, {"long": 0.6}),
    Case("over", {"a": lambda: sleeping(0.002), "b": lambda: sleeping(0.001)}, {"b": 1.0}, threads=(1,)),
    Case("fails", {"x": failing}, threads=(1,)),
    Case("memory", {"large": large}, kind="memory", threads=(1,)),
    Case("asked", {"x": lambda: sleeping(0.001)}, scenario=SingleStream(queries=20), threads=(1,)),
    Case("imports", {"json": "import json", "nothing": "pass"}, kind="import", threads=(1,)),
]
"""


def simulated(speed=1.0, case="a step", seed=0, **noise):
    """Return results of a case: ours against theirs, on a machine that may be slower as a whole."""
    race = SimulatedMachine(seed, jitter=0.01, **noise).race({"ours": 0.010 * speed, "theirs": 0.020})
    return results_file(rows_of(Case(case, {"ours": "", "theirs": ""}, {"theirs": 0.6}), race), rounds=25)


@pytest.fixture
def cases(tmp_path):
    file = tmp_path / "my_cases.py"
    file.write_text(CASES, encoding="utf-8")
    return file


def said(capsys, *words):
    code = tinytorch_bench([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def test_results_come_back(tmp_path):
    results = simulated()
    file = tmp_path / "folder" / "results.json"
    assert save_results(file, results) is None
    assert load_results(file) == json.loads(json.dumps(results))
    row = load_results(file)["results"][0]
    assert (row["subject"], row["peer"], row["verdict"], row["ok"]) == ("ours", "theirs", "faster", True)
    assert row["low"] <= row["value"] <= row["high"]
    assert len(row["figures"]["ours"]) == row["rounds"] == 25
    environment = results["environment"]
    assert re.match(r"\d{4}-\d\d-\d\dT", environment["date"])
    assert environment["versions"]["numpy"] == np.__version__
    assert environment["cores"] >= 1


def test_a_file_that_is_there_is_kept(tmp_path):
    file = tmp_path / "results.json"
    first, second = simulated(), simulated(2.0)
    save_results(file, first)
    save_results(file, first)
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    assert save_results(file, second).name == "results.json.bak"
    assert save_results(file, first).name == "results.json.bak2"
    assert load_results(tmp_path / "results.json.bak")["results"] == json.loads(json.dumps(first))["results"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ('{"format": "tinytorch-bench", "version": 1, "resu', "no complete JSON"),
        ("[1, 2]", "not results"),
        ('{"machine": "two cores", "tables": []}', "not results"),
        ('{"format": "tinytorch-bench", "version": 2}', "version 2"),
        ('{"format": "tinytorch-bench", "version": 1}', "damaged"),
        ('{"format": "tinytorch-bench", "version": 1, "environment": {}, "results": [{}]}', "case = None"),
        ("[" * 100_000, "nested|complete"),
        (b"\xff\xfe\x00", "not a text file"),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path, capsys, text, words):
    file = tmp_path / "bad.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ResultsError, match=words) as caught:
        load_results(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    code, out, err = said(capsys, "report", file)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("value", float("nan")), ("ours", "fast"), ("threads", True), ("figures", {"ours": [1]})],
)
def test_damaged_rows_are_found(tmp_path, name, value):
    results = simulated()
    results["results"][0][name] = value
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(results), encoding="utf-8")
    with pytest.raises(ResultsError, match="damaged: result 0"):
        load_results(file)


def test_every_truncated_file_is_told(tmp_path):
    text = json.dumps(simulated())
    file = tmp_path / "bad.json"
    for size in range(0, len(text) - 1, 97):
        file.write_text(text[:size], encoding="utf-8")
        with pytest.raises(ResultsError):
            load_results(file)


def test_what_changed_between_two_files():
    old = simulated(seed=1)
    (same,) = compare_results(old, simulated(seed=2))
    (slower,) = compare_results(old, simulated(1.05, seed=3))
    (faster,) = compare_results(old, simulated(0.9, seed=4))
    verdicts = [(c.verdict, c.verdict_against) for c in (same, slower, faster)]
    assert verdicts == [("no difference",) * 2, ("slower",) * 2, ("faster",) * 2]
    assert slower.ratio.low < 1.05 < slower.ratio.high


def test_a_machine_that_was_slower_is_told(tmp_path, capsys):
    """All takes longer, the calibration too, but ours against theirs is what it was."""
    old, new = simulated(seed=1), simulated(seed=2)
    for row in new["results"]:
        row["calibration"] *= 1.3
        row["figures"] = {name: [1.3 * x for x in times] for name, times in row["figures"].items()}
    for row in (*old["results"], *new["results"]):  # one case has no interval of its own
        row["calibration"] = max(row["calibration"], 1e-6)
    copies = [
        {**x, "results": [{**x["results"][0], "case": f"case {i}"} for i in range(6)]} for x in (old, new)
    ]
    (change, *_) = compare_results(*copies)
    assert (change.verdict, change.verdict_against) == ("slower", "no difference")
    files = [tmp_path / name for name in ("old.json", "new.json")]
    copies[1]["environment"] = {**copies[1]["environment"], "processor": "another one", "commit": "abc"}
    for file, results in zip(files, copies, strict=True):
        save_results(file, results)
    code, out, _ = said(capsys, "compare", *files)
    assert code == 0
    assert "note: these are different machines" in out
    assert "-> another one" in out
    assert "note: the machine itself was 30% slower" in out
    assert "6 slower" in out
    assert said(capsys, "compare", *files, "--check")[0] == 1


def test_cases_of_one_file_alone_are_listed(tmp_path, capsys):
    files = [tmp_path / name for name in ("old.json", "new.json")]
    for file, case in zip(files, ("before", "after"), strict=True):
        save_results(file, simulated(case=case))
    out = said(capsys, "compare", *files)[1]
    assert "2 not in both files" in out


class Page(HTMLParser):
    """Takes a page apart: its tags must close, and nothing may come from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "line", "rect", "circle", "polyline"):
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href") or "url(" in (value or "")]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_a_report_is_one_page_that_needs_nothing(tmp_path):
    results = simulated(case="<script>alert(1)</script> & more", bursts=5.0)
    for old in (None, simulated(1.2, case="<script>alert(1)</script> & more")):
        text = html_report(results, old)
        page = Page()
        page.feed(text)
        assert page.open == []
        assert page.links == []
        assert "<script" not in text
        assert "http" not in text
        assert "prefers-color-scheme: dark" in text
        shown = "".join(page.text)
        assert "<script>alert(1)</script> & more" in shown
        assert "noisy" in shown
        assert ("Since " in shown) == (old is not None)


def test_the_command_measures_a_file(cases, tmp_path, capsys):
    out_file, page = tmp_path / "r.json", tmp_path / "r.html"
    words = ["run", cases, "--rounds", 6, "--threads", 1, "--json", out_file, "--html", page]
    code, out, _ = said(capsys, *words)
    assert code == 1, "a case failed"
    rows = {(row["case"], row["peer"]): row for row in load_results(out_file)["results"]}
    assert set(rows) == {
        ("sleeps", "long"),
        ("over", "b"),
        ("memory", "large"),
        ("asked", "x"),
        ("imports", "nothing"),
    }
    assert 0.2 < rows["sleeps", "long"]["value"] < 0.6
    assert rows["sleeps", "long"]["verdict"] == "faster"
    assert not rows["over", "b"]["ok"]
    assert rows["asked", "x"]["ours"] >= 1000
    assert rows["imports", "nothing"]["value"] > 0
    if sys.platform == "linux":
        assert 40 <= rows["memory", "large"]["ours"] <= 100  # MiB: five times eight, and the harness
    assert "fails" in out
    assert "FAILED: 'x' of 'fails' ended with exit code 1" in out
    assert "OVER" in out
    assert "<!doctype html>" in page.read_text(encoding="utf-8")
    code, out, _ = said(capsys, "run", cases, "--only", "over", "--rounds", 6, "--check", "--json", out_file)
    assert code == 1
    assert "(what was there: r.json.bak)" in out
    assert said(capsys, "report", out_file, "--against", tmp_path / "r.json.bak")[0] == 0


def test_processes_have_their_threads_and_nothing_of_others(tmp_path):
    file = tmp_path / "threads_cases.py"
    file.write_text(
        "import os, sys\n"
        "from tinytorch.systems import Case\n"
        "def build():\n"
        "    assert os.environ['OMP_NUM_THREADS'] == os.environ['OPENBLAS_NUM_THREADS'] == '2'\n"
        "    assert 'numpy' not in sys.modules\n"
        "    return lambda: None\n"
        "def told(contestant, threads):\n"
        "    assert (contestant, threads) == ('x', 2)\n"
        "CASES = [Case('threads', {'x': build}, prepare=told)]\n",
        encoding="utf-8",
    )
    case = Case("threads", {"x": lambda: lambda: None})
    assert measure_case(case, file, 2, 1).rounds == 1


@pytest.mark.parametrize(
    ("words", "said_so"),
    [
        (["run", "nothing.py"], "no such file"),
        (["run", "{empty}"], "has no list `CASES`"),
        (["run", "{cases}", "--only", "xyz"], "no case whose name contains 'xyz'"),
        (["run", "{cases}", "--json", "{folder}"], "is a folder"),
        (["compare", "a.json", "b.json"], "a.json: No such file"),
        (["time", "1 +"], "doesn't run: SyntaxError"),
        (["time", "x", "--setup", "y = 1"], "doesn't run: NameError"),
    ],
)
def test_what_cannot_be_done_is_told(words, said_so, cases, tmp_path, capsys):
    empty = tmp_path / "no_cases_here.py"
    empty.write_text("", encoding="utf-8")
    words = [word.format(empty=empty, cases=cases, folder=tmp_path) for word in words]
    code, _, err = said(capsys, *words)
    assert code == 2
    assert said_so in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["run", "--rounds", "0"], ["compare", "a", "b", "--margin", "2"], [], ["walk"]]
)
def test_wrong_words_are_told(words, capsys):
    with pytest.raises(SystemExit) as caught:
        tinytorch_bench(words)
    assert caught.value.code == 2
    assert "usage: tinytorch-bench" in capsys.readouterr().err


def test_statements_are_timed(capsys):
    code, out, _ = said(
        capsys, "time", "sum(x)", "--vs", "sum(x); sum(x)", "--setup", "x = [1] * 99", "--rounds", 6
    )
    assert code == 0
    assert "sum(x) / sum(x); sum(x) = 0." in out
    assert "rounds, " in out


def test_commands_are_measured():
    seconds, size = run_command([sys.executable, "-c", "sum(range(2_000_000)); x = bytearray(50_000_000)"])
    assert 0 < seconds < 60
    assert size == 0 or 50_000_000 < size < 90_000_000, "its own, not that of who started it"
    with pytest.raises(RuntimeError, match="exit code 3"):
        run_command([sys.executable, "-c", "raise SystemExit(3)"])
    run_command([sys.executable, "-c", "raise SystemExit(3)"], allowed=(3,))
    with pytest.raises(OSError, match="no-such-program"):
        run_command(["no-such-program"])


@pytest.mark.parametrize(
    "options",
    [
        {"contestants": {}},
        {"kind": "speed"},
        {"limits": {"nobody": 1.0}},
        {"subject": "nobody"},
    ],
)
def test_bad_cases_are_refused(options):
    with pytest.raises(ValueError, match="'x'"):
        Case(**{"name": "x", "contestants": {"a": "pass"}, **options})


def test_limits_and_intervals():
    """Within the limit for sure, within it perhaps, over it."""
    quiet = SimulatedMachine().race({"a": 1.0}, rounds=6).noise
    race = Race({"a": [1.0, 1.1, 1.2, 1.0, 1.1, 1.2], "b": [2.0] * 6}, "a", quiet)
    for limit, ok, sure in ((0.7, True, True), (0.56, True, False), (0.52, False, False), (0.4, False, True)):
        (row,) = rows_of(Case("x", {"a": "", "b": ""}, {"b": limit}), race)
        assert (row["ok"], row["sure"]) == (ok, sure), limit
    once = Race({"a": [1.0], "b": [2.0]}, "a", quiet)
    (row,) = rows_of(Case("x", {"a": "", "b": ""}, {"b": 0.9}), once)
    assert (row["ok"], row["sure"], row["verdict"]) == (True, False, "too few rounds")


def test_a_closed_pipe_is_no_error(tmp_path):
    """`tinytorch-bench compare old new | head -1`."""
    file = tmp_path / "r.json"
    save_results(file, simulated())
    code = (
        "import sys; from tinytorch.systems import tinytorch_bench as f; "
        f"sys.exit(f(['compare', {str(file)!r}, {str(file)!r}]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read().strip() == b""
    process.stderr.close()
    process.wait()
