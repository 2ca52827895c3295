import calibrate
import numpy as np
import pytest
from calibrate import BEGIN, END, IDEAL, calibration_table, ideal_table

from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import run_script
from spurgen.harness.running.ideal import ideal_scores


def test_the_table_is_printed_and_renewed_in_the_file_that_is_named(
    suite_file, tmp_path, monkeypatch, capsys, make_outcome, suite, keep_row, baseline
):
    monkeypatch.chdir(tmp_path)
    metrics = {"wga": 0.5, "aligned_accuracy": 0.9, "conflicting_accuracy": 0.6}
    keep_row(tmp_path / "results", make_outcome(suite, 0.8, metrics=metrics, **baseline), label="erm")
    stored = lambda jobs, store, *_: [store.row("erm")["small-text"].results[0] for _ in jobs]  # noqa: E731
    monkeypatch.setattr(calibrate, "run_all_or_raise", stored)
    monkeypatch.setattr(calibrate, "METHODS", ("erm",))
    before = f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n"
    (tmp_path / "page.md").write_text(before)
    monkeypatch.setattr(calibrate, "REFERENCE", "")
    command = ["--suite", suite_file, "--tasks", "small-text", "--seeds", "0", "--results", "results"]
    assert run_script(calibrate, command) == 0
    table = capsys.readouterr().out.strip()
    assert "| m0.8 " in table
    assert run_script(calibrate, [*command, "--page", "page.md"]) == 0
    assert (tmp_path / "page.md").read_text() == before.replace("old", table)


@pytest.fixture
def calibrated(make_outcome, suite):
    """Return a function that makes one result per WGA, with the seeds 0, 1, ..."""

    def make(name, *wgas, use=0.5, **changes):
        metrics = [
            {"robust_accuracy": wga + 0.1, "wga": wga, "aligned_accuracy": wga + 0.25, "core_use": use + wga}
            | {"conflicting_accuracy": wga / 2, "reliance": 0.1}
            for wga in wgas
        ]
        return [make_outcome(suite, 0.5, k, submission=name, metrics=m, **changes)[0] for k, m in enumerate(metrics)]

    return make


def test_metrics_are_averaged_over_seeds_below_those_of_the_ideal_observer(calibrated, suite, read_table):
    results = [*calibrated("erm", 0.1, 0.2, 0.6), *calibrated("erm", 0.5, 0.7, task="small-image")]
    results += [*calibrated("dfr", 0.4, 0.4), *calibrated("erm", 0.6, 0.7, uncorrelated=True)]
    # (.2, .1, -.3) squared are .14, over 2 .07; twice .1 squared are .02; twice .05 squared .005
    rows = [
        ("small-image", "erm", "0.700 ± 0.141", "0.600 ± 0.141", "0.850", "0.300", "0.100", "1.100", "2"),
        ("small-text", "dfr", "0.500 ± 0.000", "0.400 ± 0.000", "0.650", "0.200", "0.100", "0.900", "2"),
        ("small-text", "erm", "0.400 ± 0.265", "0.300 ± 0.265", "0.550", "0.150", "0.100", "0.800", "3"),
        (
            "small-text", "erm, uncorrelated data", "0.750 ± 0.071", "0.650 ± 0.071", "0.900", "0.325", "0.100",
            "1.150", "2",
        ),
    ]  # fmt: skip
    head = (
        "Task", "Trained by", "Robust accuracy", "WGA (raw)", "Aligned accuracy", "All-conflicting accuracy",
        "Reliance", "Core use", "Trainings",
    )  # fmt: skip
    table = read_table(calibration_table(suite, results))
    assert [row for row in table if row["Trained by"] != IDEAL] == [dict(zip(head, row, strict=True)) for row in rows]
    assert [k for k, row in enumerate(table) if row["Trained by"] == IDEAL] == [0, 2]
    ideal = ideal_scores(suite.task("small-text")).metrics
    names = ("robust_accuracy", "wga", "aligned_accuracy", "conflicting_accuracy", "reliance", "core_use")
    assert [table[2][column] for column in head[2:8]] == [f"{ideal[name]:.3f}" for name in names]


def test_a_single_seed_has_no_standard_deviation(calibrated, suite, read_table):
    row = read_table(calibration_table(suite, calibrated("erm", 0.3)))[1]
    assert (row["WGA (raw)"], row["Trainings"]) == ("0.300", "1")


def test_what_a_result_lacks_is_left_blank(make_outcome, suite, read_table):
    row = read_table(calibration_table(suite, [make_outcome(suite, 0.5, metrics={"robust_accuracy": 0.7})[0]]))[1]
    assert (row["Robust accuracy"], row["Reliance"], row["Core use"]) == ("0.700", "", "")


def test_every_world_of_a_template_has_its_line(suite, suite_file, calibrated, read_table):
    file = suite.scenario_file("small")
    file.write_text("worlds = 2\n" + file.read_text())
    worlds = load_suite(suite_file)
    assert [row["World"] for row in read_table(ideal_table(worlds, ["small-text"]))] == ["small-w0", "small-w1"]
    ideal = [ideal_scores(worlds.task("small-text").in_world(seed)).metrics["reliance"] for seed in (0, 1)]
    row = read_table(calibration_table(worlds, calibrated("erm", 0.4, 0.5)))[0]
    assert row["Robust accuracy"] == "1.000 ± 0.000"
    assert float(row["Reliance"]) == pytest.approx(np.mean(ideal), abs=1e-3)


def test_tasks_with_the_same_figures_share_a_line(suite, read_table):
    (line,) = read_table(ideal_table(suite, ["small-image", "small-text"]))
    assert (line["Task"], line["World"]) == ("small-image, small-text", "small")
    assert float(line["On train: channels"]) < float(line["On train: both"])
    assert (line["On train: core cue"], line["Robust accuracy"], line["WGA"]) == ("1.000",) * 3
    assert 0.97 < float(line["Core use"]) < 1  # 45 val samples support no lower temperature
    assert line["Reliance"] == "color 0.000, background 0.000"


def test_a_page_without_its_markers_is_refused_before_any_work(suite_file, tmp_path, monkeypatch, stderr):
    monkeypatch.setattr(calibrate, "plan", None)
    (tmp_path / "page.md").write_text(f"{END}\n{BEGIN}\n")
    assert run_script(calibrate, ["--suite", suite_file, "--page", str(tmp_path / "page.md")]) == 2
    assert f"page.md has no line {BEGIN!r} followed by {END!r}" in stderr()


def test_a_script_names_itself_where_a_flag_is_unknown(stderr):
    assert run_script(calibrate, ["--sed", "0"]) == 2
    assert "unknown flag --sed; did you mean --seeds? see python tools/calibrate.py --help" in stderr()


@pytest.mark.usefixtures("nothing_runs")
def test_without_a_choice_only_the_plan_is_printed(suite_file, tmp_path, capsys):
    flags = ["--suite", suite_file, "--device", "cpu", "--jobs", "2", "--results", str(tmp_path / "new")]
    assert run_script(calibrate, flags) == 0
    out, err = capsys.readouterr()
    assert "| Submission " in out
    assert "nothing was started; add --yes to start all of them, or choose --tasks" in err
    assert not (tmp_path / "new").exists()
