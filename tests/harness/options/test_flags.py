import argparse

import pytest

from spurgen.harness.cli import main
from spurgen.harness.options.flags import MAX_SEEDS, Unique, between, positive_int, read_seeds, with_rungs
from spurgen.harness.options.jobs import LIMITS, ROOT_WARNING, describe_isolation
from spurgen.harness.sandbox.limits import Limits


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "must be 1 to 10,000, not 0"),
        ("-2", "must be 1 to 10,000, not -2"),
        ("x", "'x' is not a whole number"),
        ("10001", "must be 1 to 10,000, not 10001"),
        ("9" * 5000, r"'9+\.\.\.9+' is not a whole number"),
    ],
)
def test_counts_are_whole_numbers_from_1_to_10000(text, message):
    assert positive_int("3") == 3
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        positive_int(text)


@pytest.mark.parametrize(
    "line",
    [
        "benchmark --jobs -2", "splits verify --jobs 0", "splits freeze --jobs 1.5",
        "run --seeds 0-", "run --jobs 0", "score x.py --seeds x",
    ],
)  # fmt: skip
def test_what_is_no_count_and_no_seeds_is_refused(line, stderr):
    assert main(line.split()) == 2
    assert f"argument {line.split()[-2]}: " in stderr()


@pytest.mark.parametrize(
    ("text", "seeds", "spoken"),
    [
        ("3", (3,), "3"), ("0-2", (0, 1, 2), "0-2"), ("4,0,2,0", (0, 2, 4), "0,2,4"), ("0-1,2", (0, 1, 2), "0-2"),
        ("5-5", (5,), "5"), ("7, 0-1", (0, 1, 7), "0,1,7"),
    ],
)  # fmt: skip
def test_seeds_are_one_or_a_range_or_a_list(text, seeds, spoken):
    assert read_seeds(text) == seeds
    assert str(read_seeds(text)) == spoken
    assert read_seeds(spoken) == seeds


@pytest.mark.parametrize("text", ["", "x", "2-1", "-1", "0..2", "1.5", "0-", "1,,2"])
def test_what_names_no_seeds_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="write 3 for that seed, or 0-4, or 0,2,4"):
        read_seeds(text)


@pytest.mark.parametrize("text", ["0-999999999", f"0-{MAX_SEEDS}", f"0-{MAX_SEEDS - 1},500"])
def test_more_seeds_than_can_be_summed_are_refused(text):
    assert len(read_seeds(f"0-{MAX_SEEDS - 1}")) == MAX_SEEDS
    with pytest.raises(argparse.ArgumentTypeError, match=f"more than {MAX_SEEDS} seeds"):
        read_seeds(text)


def test_a_repeated_value_counts_once():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", nargs="+", action=Unique, default=["a"])
    assert parser.parse_args(["--tasks", "b", "a", "b"]).tasks == ["b", "a"]
    assert parser.parse_args([]).tasks == ["a"]


@pytest.mark.parametrize("user", [0, 1000])
def test_root_is_warned_once_that_a_submission_is_riskier(monkeypatch, tmp_path, user):
    monkeypatch.setenv("SPURGEN_CACHE", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: user)
    message = describe_isolation(Limits(isolation="process"))
    assert message.plain.splitlines() == ["isolation: process", ROOT_WARNING][: 2 if user == 0 else 1]
    assert [span.style for span in message.spans] == ["yellow"] * (user == 0)
    assert describe_isolation(Limits(isolation="process")).plain == "isolation: process"  # once is enough


@pytest.mark.parametrize("text", ["1e300", "inf", "nan", "-1", "0", "1e-300", "x", "9" * 5000, ""])
def test_a_number_out_of_range_is_refused_with_the_range(text):
    assert between(0.25, 1e6)("0.25") == 0.25
    with pytest.raises(argparse.ArgumentTypeError, match=r"^must be 0.25 to 1,000,000, not |not a number$") as caught:
        between(0.25, 1e6)(text)
    assert len(str(caught.value)) < 100


def test_a_range_is_named_in_full():
    with pytest.raises(argparse.ArgumentTypeError, match=r"^must be 0.01 to 0.99, not 1.0$"):
        between(0.01, 0.99)("1")


@pytest.mark.parametrize("flag", [flag for flag, *_ in LIMITS])
@pytest.mark.parametrize("value", ["1e300", "1e-300"])
def test_every_limit_has_a_range(flag, value, capsys):
    assert main(["check", "erm", flag, value]) == 2
    assert f"argument {flag}: must be " in capsys.readouterr().err


def test_every_default_lies_in_its_range():
    assert all(least <= default <= most for _, default, (least, most), _ in LIMITS)


def test_a_ladder_among_the_tasks_stands_for_its_rungs(ladder_file):
    asked = argparse.Namespace(suite=ladder_file, tasks=["few-text-4", "few-text", "other"])
    with_rungs(asked)
    assert asked.tasks[0] == "few-text-4"
    assert [*asked.tasks] == [*dict.fromkeys(asked.tasks)]
    assert {name.rpartition("-")[0] for name in asked.tasks} == {"few-text", ""}
    assert asked.tasks[-1] == "other"  # which the command refuses
