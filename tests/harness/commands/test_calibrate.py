import pytest

from spurgen.harness.cli import main
from spurgen.harness.commands import calibrate
from spurgen.harness.commands.calibrate import BEGIN, END, calibration_table, cue_table


def test_the_table_is_printed_and_renewed_in_the_file_that_is_named(
    suite_file, tmp_path, monkeypatch, capsys, make_outcome, suite, keep_row
):
    monkeypatch.chdir(tmp_path)
    metrics = {"wga": 0.5, "aligned_accuracy": 0.9, "conflicting_accuracy": 0.6}
    keep_row(tmp_path / "results", make_outcome(suite, 0.8, metrics=metrics), label="erm")
    monkeypatch.setattr(calibrate, "run_missing", lambda *_: ())
    monkeypatch.setattr(calibrate, "result_of", lambda _, row: row["small-text"].results[0])
    monkeypatch.setattr(calibrate, "METHODS", ("erm",))
    before = f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n"
    (tmp_path / "page.md").write_text(before)
    monkeypatch.setattr(calibrate, "REFERENCE", "")
    command = ["calibrate", "--suite", suite_file, "--tasks", "small-text", "--seeds", "0", "--results", "results"]
    assert main(command) == 0
    table = capsys.readouterr().out.strip()
    assert "| m0.8 " in table
    assert main([*command, "--page", "page.md"]) == 0
    assert (tmp_path / "page.md").read_text() == before.replace("old", table)


@pytest.fixture
def calibrated(make_outcome, suite):
    """Return a function that makes one result per WGA, with the seeds 0, 1, ..."""

    def make(name, *wgas, **changes):
        metrics = [{"wga": wga, "aligned_accuracy": wga + 0.25, "conflicting_accuracy": wga / 2} for wga in wgas]
        return [make_outcome(suite, 0.5, k, submission=name, metrics=m, **changes)[0] for k, m in enumerate(metrics)]

    return make


def test_metrics_are_averaged_over_seeds_with_the_standard_deviation_of_wga(calibrated, read_table):
    results = [*calibrated("erm", 0.1, 0.2, 0.6), *calibrated("erm", 0.5, 0.7, task="small-image")]
    results += [*calibrated("dfr", 0.4, 0.4), *calibrated("erm", 0.6, 0.7, uncorrelated=True)]
    # (.2, .1, -.3) squared are .14, over 2 .07; twice .1 squared are .02; twice .05 squared .005
    rows = [
        ("small-image", "erm", "0.850", "0.300", "0.600 ± 0.141", "2"),
        ("small-text", "dfr", "0.650", "0.200", "0.400 ± 0.000", "2"),
        ("small-text", "erm", "0.550", "0.150", "0.300 ± 0.265", "3"),
        ("small-text", "erm, uncorrelated data", "0.900", "0.325", "0.650 ± 0.071", "2"),
    ]
    head = ("Task", "Trained by", "Aligned accuracy", "All-conflicting accuracy", "WGA", "Seeds")
    assert read_table(calibration_table(results)) == [dict(zip(head, row, strict=True)) for row in rows]


def test_a_single_seed_has_no_standard_deviation(calibrated, read_table):
    (row,) = read_table(calibration_table(calibrated("erm", 0.3)))
    assert (row["WGA"], row["Seeds"]) == ("0.300", "1")


def test_tasks_of_one_scenario_and_the_same_channels_share_their_lines_of_cues(suite, read_table):
    rows = read_table(cue_table(suite, ["small-image", "small-text"]))
    assert [row["Cues"] for row in rows] == ["channels", "core cue", "both"]
    assert {row["Task"] for row in rows} == {"small-image, small-text"}
    assert [(row["All-conflicting accuracy"], row["WGA"]) for row in rows][:2] == [
        ("0.000", "0.000"), ("1.000", "1.000"),
    ]  # fmt: skip
