from types import SimpleNamespace

import pytest

from spurgen.harness.cli import main
from spurgen.harness.commands import calibrate
from spurgen.harness.commands.calibrate import calibration_table, evidence_table

TABLE = "| a table |"


@pytest.mark.parametrize(
    ("canonical", "flags", "written"),
    [
        ("tiny", "", "benchmark/CALIBRATION.md"),
        ("tiny", "--tasks signs-text", None),
        ("v1", "", None),
        ("v1", "--out mine.md", "mine.md"),
    ],
)
def test_a_suite_of_ones_own_and_some_of_the_tasks_leave_the_canonical_table_alone(
    suite_file, tmp_path, monkeypatch, capsys, canonical, flags, written
):
    monkeypatch.chdir(tmp_path)
    for name, stand_in in {
        "DEFAULT_SUITE": canonical,
        "plan": lambda *_, uncorrelated=False: [SimpleNamespace(uncorrelated=uncorrelated)],
        "run_missing": lambda *_: (),
        "path_of": lambda *_: None,
        "read_cell": lambda _: None,
        "calibration_table": lambda _: TABLE,
        "evidence_table": lambda *_: TABLE,
    }.items():
        monkeypatch.setattr(calibrate, name, stand_in)
    assert main(["calibrate", "--suite", suite_file, *flags.split()]) == 0
    assert TABLE in capsys.readouterr().out
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")] == [written] * bool(written)
    assert all(TABLE in path.read_text() for path in tmp_path.rglob("*.md"))


@pytest.fixture
def calibrated(make_cell, suite):
    """Returns a function that makes one cell per WGA, with the seeds 0, 1, ..."""

    def make(name, *found, task="small-text", uncorrelated=False):
        figures = [{"wga": wga, "aligned_accuracy": wga + 0.25, "conflicting_accuracy": wga / 2} for wga in found]
        cells = (make_cell(suite, 0.5, seed, task, submission=name) for seed in range(len(found)))
        changes = [{"figures": some, "uncorrelated": uncorrelated} for some in figures]
        return [cell.model_copy(update=some) for cell, some in zip(cells, changes, strict=True)]

    return make


def test_seeds_are_averaged_per_task_and_method_and_their_sample_deviation_shown(calibrated, read_table):
    cells = [*calibrated("erm", 0.1, 0.2, 0.6), *calibrated("erm", 0.5, 0.7, task="small-image")]
    cells += [*calibrated("dfr", 0.4, 0.4), *calibrated("erm", 0.6, 0.7, uncorrelated=True)]
    # (.2, .1, -.3) squared are .14, over 2 .07; twice .1 squared are .02; twice .05 squared .005
    rows = [
        ("small-image", "erm", "0.850", "0.300", "0.600 ± 0.141", "2"),
        ("small-text", "dfr", "0.650", "0.200", "0.400 ± 0.000", "2"),
        ("small-text", "erm", "0.550", "0.150", "0.300 ± 0.265", "3"),
        ("small-text", "erm, uncorrelated data", "0.900", "0.325", "0.650 ± 0.071", "2"),
    ]
    head = ("Task", "Trained by", "Aligned accuracy", "All-conflicting accuracy", "WGA", "Seeds")
    assert read_table(calibration_table(cells)) == [dict(zip(head, row, strict=True)) for row in rows]


def test_a_single_seed_has_no_deviation(calibrated, read_table):
    (row,) = read_table(calibration_table(calibrated("erm", 0.3)))
    assert (row["WGA"], row["Seeds"]) == ("0.300", "1")


def test_evidence_is_judged_once_for_tasks_of_one_scenario_and_the_same_channels(suite, read_table):
    rows = read_table(evidence_table(suite, ["small-image", "small-text"]))
    assert [row["Evidence"] for row in rows] == ["channels", "core cue", "both"] * (len(rows) // 3)
    assert {row["Task"] for row in rows} == {"small-image, small-text"}
    assert [(row["All-conflicting accuracy"], row["WGA"]) for row in rows][:2] == [
        ("0.000", "0.000"),
        ("1.000", "1.000"),
    ]
