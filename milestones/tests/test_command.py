"""The command line: what it lists, refuses, writes and returns."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tinytorch.milestones import catalog
from tinytorch.milestones.command import main


def test_list_shows_what_runs_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert main(["list"]) == 0
    assert capsys.readouterr().out == listed
    assert listed.isascii()
    for milestone in catalog.MILESTONES:
        assert milestone.name in listed
        assert str(milestone.year) in listed
    assert listed.count(" ready ") == len(catalog.MILESTONES)  # the tests have every track


@pytest.mark.parametrize(("track", "name"), [("vision", "cnn"), ("language", "transformer")])
def test_track_that_is_missing(
    track: str,
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalog, "installed", lambda module: module != f"tinytorch.{track}")
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert listed.count(" ready ") == len(catalog.MILESTONES) - 1
    assert f"comes with the {track} track: pip install tinytorch-{track}" in listed
    assert main(["run", name, "--out", str(tmp_path)]) == 2
    written = capsys.readouterr().err
    assert f"error: {name} can't run here; it comes with the {track} track: pip install" in written
    assert written.count("\n") == 1


def test_core_alone_is_enough_for_the_first_three(python, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[:2] in (['tinytorch', 'vision'], ['tinytorch', 'language']):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from tinytorch.milestones.command import main\n"
        f"sys.exit(main(['run', 'all', '--epochs', '0', '--quiet', '--out', {str(tmp_path)!r}]))\n"
    )
    done = python(["-c", code])
    assert done.stderr == b""
    names = [line.split()[1] for line in done.stdout.decode().splitlines()]
    assert names == ["perceptron", "xor", "mlp"]


def test_list_when_core_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "installed", lambda module: False)
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert " ready " not in listed
    assert "pip install tinytorch-core" in listed


def test_milestones_have_a_sequence_of_their_own() -> None:
    assert [m.number for m in catalog.MILESTONES] == [1, 2, 3, 4, 5]
    years = [m.year for m in catalog.MILESTONES]
    assert years == sorted(years)
    for milestone in catalog.RUNNABLE:
        module = milestone.load()
        assert callable(module.train)
        assert callable(module.test)
        assert callable(module.main)
        assert str(milestone.year) in module.__name__
        assert "m0" not in module.__name__.rpartition(".")[2]  # never to be taken for a module of the course
        source = Path(module.__file__).read_text(encoding="utf-8")
        assert len(source.splitlines()) < 250
        parts = [source.index(f"# ---- {part} ") for part in ("Net", "train", "test", "main")]
        assert parts == sorted(parts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "foo"], "no milestone is called 'foo'"),
        (["run", "xor", "--data", "somewhere"], "xor learns from no files"),
        (["run", "mlp", "--data", "no/such/folder"], "no such file or folder"),
        (["run", "perceptron", "--data", "."], "missing in"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("error: ")
    assert message in written.err
    assert written.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["walk"],
        ["run", "mlp", "--seed", "-1"],
        ["run", "mlp", "--seed", "one"],
        ["run", "mlp", "--epochs", "1.5"],
        ["run", "mlp", "--epochs", "99999999999"],
        ["run", "mlp", "--turbo"],
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    written = capsys.readouterr().err
    assert written.startswith("error: ")
    assert written.count("\n") == 1


def test_out_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "taken"
    place.write_text("mine", encoding="utf-8")
    assert main(["run", "xor", "--out", str(place)]) == 2
    assert capsys.readouterr().err.startswith(f"error: can't write to {place}")
    assert place.read_text(encoding="utf-8") == "mine"


def test_milestone_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mlp").write_text("mine", encoding="utf-8")
    assert main(["run", "mlp", "--epochs", "0", "--quiet", "--out", str(tmp_path)]) == 2
    assert "can't write to" in capsys.readouterr().err
    assert (tmp_path / "mlp").read_text(encoding="utf-8") == "mine"


def test_missed_threshold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "all", "--epochs", "0", "--quiet", "--out", str(tmp_path)]) == 1
    written = capsys.readouterr()
    names = [milestone.name for milestone in catalog.RUNNABLE]
    assert [line.split()[:2] for line in written.out.splitlines()] == [["MISSED", name] for name in names]
    assert written.err == ""
    for name in names:
        facts = json.loads((tmp_path / name / "metrics.json").read_text(encoding="ascii"))
        assert facts["passed"] is False
    assert 'class="verdict missed"' in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("compress", [False, True])
def test_own_images(make_idx_folder, tmp_path: Path, capsys, compress: bool) -> None:
    folder = make_idx_folder("c<o>r&ners", compress)
    out = tmp_path / "out"
    assert main(["run", "perceptron", "mlp", "--data", str(folder), "--quiet", "--out", str(out)]) == 0
    assert capsys.readouterr().out.count("PASSED") == 2
    facts = json.loads((out / "mlp" / "metrics.json").read_text(encoding="ascii"))
    assert facts["checks"][0]["at_least"] == 0.87
    assert facts["data"]["train"] == 200
    assert "--data" in facts["command"]
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "c&lt;o&gt;r&amp;ners" in report
    assert "c<o>r" not in report


def test_script_is_a_program_of_its_own(python, tmp_path: Path) -> None:
    arguments = ["-m", "tinytorch.milestones.xor_1969", "--epochs", "1", "--quiet", "--out", tmp_path]
    done = python(arguments)
    assert done.returncode == 1
    assert done.stdout.startswith(b"MISSED  xor")
    assert done.stderr == b""
    assert (tmp_path / "xor" / "metrics.json").is_file()


def test_copy_of_a_script_runs_its_own_code(python, tmp_path: Path) -> None:
    source = Path(catalog.RUNNABLE[1].load().__file__).read_text(encoding="utf-8")
    mine = source.replace("from .", "from tinytorch.milestones.").replace("SEEDS = 100", "SEEDS = 3")
    (tmp_path / "mine.py").write_text(mine, encoding="utf-8")
    done = python([tmp_path / "mine.py", "--epochs", "2", "--quiet", "--out", tmp_path])
    assert b"0 of 3" in done.stdout
    assert done.returncode == 1


def test_stopped_by_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    def interrupted(options: object, progress: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog.RUNNABLE[1].load(), "main", interrupted)
    assert main(["run", "xor", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "\nstopped\n"
    assert not (tmp_path / "xor").exists()


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["run", "mlp", "--out", str(tmp_path)]) == 0
    assert "No pictures without matplotlib: pip install matplotlib\n" in capsys.readouterr().out
    assert not list(tmp_path.glob("*/*.png"))
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "pip install matplotlib" in report
    assert "<img" not in report


def test_path_that_the_console_cannot_show(python, tmp_path: Path) -> None:
    arguments = ["-m", "tinytorch.milestones", "run", "xor", "--epochs", "0", "--out", tmp_path / "\u00fc"]
    done = python(arguments, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert b"\\xfc" in done.stdout
    assert b"Traceback" not in done.stderr


def test_killed_run_leaves_no_half_results(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "tinytorch.milestones", "run", "mlp", "--out", str(tmp_path)]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        assert b"training" in running.stderr.readline()  # so it is at work
        running.kill()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
    assert main(["run", "mlp", "--epochs", "1", "--quiet", "--out", str(tmp_path)]) in (0, 1)
    assert (tmp_path / "mlp" / "metrics.json").is_file()
