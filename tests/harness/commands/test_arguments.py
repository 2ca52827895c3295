import argparse

import pytest

from spurgen.harness.cli import main
from spurgen.harness.commands._arguments import Unique, positive_int
from spurgen.harness.commands._limits import ROOT_WARNING, describe_isolation
from spurgen.harness.sandbox.limits import Limits


@pytest.mark.parametrize(
    ("text", "message"), [("0", "1 or more, not 0"), ("-2", "1 or more, not -2"), ("x", "'x' is not")]
)
def test_counts_are_whole_numbers_from_1_on(text, message):
    assert positive_int("3") == 3
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        positive_int(text)


@pytest.mark.parametrize(
    "line",
    [
        "calibrate --seeds 0", "calibrate --jobs -2", "splits verify --jobs 0", "splits freeze --jobs 1.5",
        "sweep --trials 0", "run --num-seeds 0", "run --jobs 0",
    ],
)  # fmt: skip
def test_a_count_below_1_is_refused(line, capsys):
    with pytest.raises(SystemExit) as stop:
        main(line.split())
    assert stop.value.code == 2
    assert f"argument {line.split()[-2]}: " in capsys.readouterr().err


def test_a_repeated_value_counts_once():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", nargs="+", action=Unique, default=["a"])
    assert parser.parse_args(["--tasks", "b", "a", "b"]).tasks == ["b", "a"]
    assert parser.parse_args([]).tasks == ["a"]


@pytest.mark.parametrize("user", [0, 1000])
def test_root_is_warned_that_a_submission_is_riskier(monkeypatch, user):
    monkeypatch.setattr("os.geteuid", lambda: user)
    message = describe_isolation(Limits(isolation="process"))
    assert message.plain.splitlines() == ["isolation: process", ROOT_WARNING][: 2 if user == 0 else 1]
    assert [span.style for span in message.spans] == ["yellow"] * (user == 0)
