import os
import subprocess
import sys

import pandas as pd
import pytest
from PIL import Image

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.generators import sample
from spurgen.generators.channels.color import VALUES as COLORS
from spurgen.harness.cli import COMMANDS, FOR_USERS, hyphenated, main
from spurgen.harness.commands.generate import from_flags

WIDE = os.environ | {"COLUMNS": "200"}
SLOW = ("torch", "sklearn", "scipy", "pandas", "statsmodels", "matplotlib", "numba", "numpy", "pydantic", "loky")


@pytest.mark.parametrize(("num_samples", "bases"), [(40, 36), (4000, 1000)])
def test_flags_give_twins_to_every_test_sample_up_to_a_thousand(num_samples, bases):
    scenario = from_flags(3, num_samples, ["color", "lighting"])
    assert scenario.splits.twins == bases == min(scenario.num_test, 1000)


def test_flags_may_have_underscores_but_values_keep_theirs():
    assert hyphenated(["a_b", "--num_classes=3", "--out", "my_folder", "--out=my_folder"]) == [
        "a_b", "--num-classes=3", "--out", "my_folder", "--out=my_folder",
    ]  # fmt: skip


def test_generate_writes_what_the_generator_makes(tmp_path):
    flags = "--num_classes 3 --num_samples 40 --channels color lighting --strength color=.9 --image_size 32 --seed 5"
    assert main(["generate", "--out", str(tmp_path / "set"), *flags.split()]) == 0
    table = pd.read_csv(tmp_path / "set" / "metadata.csv")
    scenario = from_flags(3, 40, ["color", "lighting"], ["color=.9"], 32, 5)
    assert table.split.value_counts().to_dict() == {"train": 40, "test": 36, "val": 10}
    for split in ("train", "val", "test"):
        rows = table[table.split == split]
        made = sample(scenario, split, range(len(rows)))
        assert rows.caption.tolist() == made.captions
        assert rows.label.tolist() == made.labels.tolist()
        assert rows.lighting.tolist() == made.channel_values["lighting"].tolist()
        for name, pixels in zip(rows.file_name, made.images, strict=True):
            assert Image.open(tmp_path / "set" / name).tobytes() == pixels.tobytes()
    assert set(table.color_name) <= set(COLORS[:10])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--num_classes 21", "num_classes: Input should be less than or equal to 20 (got 21)"),
        ("--strength 1.2", "channels.color.strength: Input should be less than or equal to 1 (got 1.2)"),
        ("--strength shape=high", "'high' is not a number"),
        ("--strength ?=.5", "'?' is not among the channels"),
        ("--channels color ?", "there is no channel '?'; choose from background, color"),
        ("--channels colour", "there is no channel 'colour'; did you mean color?"),
        ("no_such.toml --num_classes 3 --seed 1", "describes the world already; leave out --num-classes, --seed"),
        ("--image_size 16", "image_size: Input should be greater than or equal to 32 (got 16)"),
        ("--num_samples 0", "splits.train: Input should be greater than or equal to 1 (got 0)"),
        ("no_such.toml", "cannot read the scenario file no_such.toml"),
    ],
)
def test_generate_explains_the_impossible_and_writes_nothing(tmp_path, stderr, flags, message):
    assert main(["generate", *flags.split(), "--out", str(tmp_path / "set")]) == 2
    assert message in stderr()
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_midway_never_looks_whole_and_continues(tmp_path, stderr):
    """A real failing write: the kernel refuses files above a size limit, as it does on a full disk."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limit[1]))
    try:
        code = main(["generate", "--out", str(tmp_path / "set"), "--num_samples", "30"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert code == 2
    assert "set.partial, and the same command continues" in stderr()
    assert [path.name for path in tmp_path.iterdir()] == [".set.partial"]
    assert main(["generate", "--out", str(tmp_path / "set"), "--num_samples", "30"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


MODEL = """
import numpy as np
def predict(batch): return np.array([[c.count("a"), c.count("e"), c.count("o")] for c in batch.captions], float)
"""


def test_a_file_of_the_same_name_never_replaces_anothers_row(score, tmp_path, write_submission, stderr):
    first = write_submission(MODEL)
    score(first)
    files = {path: path.read_bytes() for path in (tmp_path / "results").rglob("model.*")}
    assert len(files) == 2
    (tmp_path / "other").mkdir()
    second = tmp_path / "other" / "model.py"
    second.write_text(MODEL + "# mine\nNAME = 'mine'\n")
    assert score(str(second)) == 2
    assert f"the row model belongs to {first}" in stderr()
    assert {path: path.read_bytes() for path in files} == files


def test_a_failing_model_is_explained_and_the_exit_code_says_so(score, write_submission, capsys):
    assert score(write_submission("def predict(batch): return 1 / 0")) == 1
    streams = capsys.readouterr()
    assert "Not ranked: model: failed with seed 0" in streams.out
    assert "ZeroDivisionError" in streams.err


@pytest.fixture
def failing(monkeypatch, capsys):
    """Run a command that raises an error; return its exit code and what it prints."""

    def run(error, *words):
        def fail(_):
            raise error

        monkeypatch.setattr("spurgen.harness.commands.leaderboard.load_suite", fail)
        code = main([*words])
        return code, capsys.readouterr().err

    return run


BUG = "(a bug in SpurGen: please report it; spurgen --debug COMMAND ... shows the traceback)\n"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (SpurgenError("there is no suite v9"), 2, "error: there is no suite v9\n"),
        (PermissionError(13, "no", "mine/x.toml"), 2, "error: [Errno 13] no: 'mine/x.toml'\n"),
        (FileNotFoundError(2, "none", "mine"), 2, "error: [Errno 2] none: 'mine'\n"),
        (FileNotFoundError(2, "no", "mine/x"), 70, f"internal error: FileNotFoundError: [Errno 2] no: 'mine/x' {BUG}"),
        (OSError(28, "no space left on device"), 2, "error: [Errno 28] no space left on device\n"),
        (PermissionError(13, "no", "/etc/x"), 70, f"internal error: PermissionError: [Errno 13] no: '/etc/x' {BUG}"),
        (OSError("too many files"), 70, f"internal error: OSError: too many files {BUG}"),
        (KeyError("wga"), 70, f"internal error: KeyError: 'wga' {BUG}"),
        (AssertionError(), 70, f"internal error: AssertionError {BUG}"),
    ],
)
def test_an_error_is_one_line_and_only_a_bug_is_called_one(failing, error, code, message):
    assert failing(error, "leaderboard", "--suite", "mine") == (code, message)
    assert failing(error, "leaderboard", "--suite=mine") == (code, message)


@pytest.mark.parametrize("words", [["--debug", "leaderboard"], ["leaderboard", "--debug"]])
@pytest.mark.parametrize(("error", "code"), [(KeyError("wga"), 70), (SpurgenError("no suite"), 2)])
def test_debug_shows_the_traceback_of_an_error(failing, words, error, code):
    returned, message = failing(error, *words)
    assert returned == code
    assert message.startswith("Traceback (most recent call last):\n")
    assert ", in fail\n" in message
    assert message.splitlines()[-1].startswith(("internal error: ", "error: "))


def test_a_reader_that_closes_the_pipe_ends_the_command_quietly():
    code = """
import argparse, sys
from spurgen.harness import cli
parser = argparse.ArgumentParser()
parser.set_defaults(run=lambda *_: sys.stdin.read() or print("x") or 0)
cli.make_parser = lambda _: parser
sys.exit(cli.main([]))
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_help_lists_every_command_and_imports_none():
    code = "import sys\nfrom spurgen.harness.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=WIDE)
    *lines, imported = run.stdout.splitlines()
    assert not [name for name in imported.split() if name.startswith(f"{COMMANDS}.") or name in SLOW]
    listed = " ".join(" ".join(lines).split())
    for name, module in discover(COMMANDS).items():
        assert f" {name} {module.__doc__.splitlines()[0]}" in listed
        assert callable(module.add_arguments)
        assert callable(module.run)
    words = [line.split()[0] for line in lines if line.startswith("  ") and line[2:].split()[0] in discover(COMMANDS)]
    assert words[: len(FOR_USERS)] == [*FOR_USERS]
    assert sorted(words) == [*discover(COMMANDS)]
    assert (
        listed.index(f" {FOR_USERS[-1]} ") < listed.index("for the maintainers of a suite") < listed.index(" splits ")
    )
