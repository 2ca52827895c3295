import pytest

from spurgen.harness.running.forecast import Forecast, duration, measured
from spurgen.harness.running.plan import baseline_specs, plan


@pytest.fixture
def forecast(suite_file):
    """Return a function that forecasts ERM and IRM on two tasks with two seeds from seconds per submission and task."""

    def make(seconds, processes=1, missing=8):
        jobs = plan(suite_file, ["small-text", "small-image"], baseline_specs(["erm", "irm"]), [0, 1])
        return Forecast(jobs, jobs[:missing], seconds, processes)

    return make


ALL = {(name, task): [100.0, 140.0] for name in ("erm", "irm") for task in ("small-text", "small-image")}


ERM = {key: times for key, times in ALL.items() if key[0] == "erm"}


def test_the_time_is_the_mean_of_the_same_submission_and_task_over_the_processes(forecast):
    basis = "estimated from stored results on the same tasks, of the same submissions"
    assert forecast(ALL).sentence() == f"8 of 8 jobs to run, 1 at a time: about 16 min, {basis}"
    assert forecast(ALL, 2).sentence() == f"8 of 8 jobs to run, 2 at a time: about 8 min, {basis}"
    assert "1 of 8 jobs to run, 1 at a time: about 2 min" in forecast(ALL, missing=1).sentence()


def test_several_processes_do_not_shorten_a_single_job(forecast):
    slow = {("erm", "small-text"): [3600.0 * 3]}
    assert "4 at a time: about 3.0 h for 1 of them" in forecast(slow, 4, missing=2).sentence()


def test_a_submission_without_results_is_expected_to_take_the_mean_of_the_others(forecast):
    measuring = "; spurgen check measures a submission"
    seconds = ERM | {("jtt", "small-text"): [240.0], ("jtt", "small-image"): []}
    some = forecast(seconds)
    assert [some.likely_seconds(job) for job in some.jobs[:4]] == [120, 120, 180, 120]
    assert some.sentence().endswith(f"about 18 min, estimated from stored results on the same tasks, for 4 jobs of "
                                    f"other submissions{measuring}")  # fmt: skip
    none = forecast({("jtt", "small-text"): [240.0], ("jtt", "small-image"): [240.0]}).sentence()
    assert none.endswith(
        f"about 32 min, estimated from stored results on the same tasks, of other submissions{measuring}"
    )


def test_a_time_that_is_not_known_is_named_as_such(forecast):
    text = {key: times for key, times in ALL.items() if key[1] == "small-text"}
    assert "about 8 min for 4 of them" in forecast(text).sentence()
    assert "; the time of the other 4 is unknown; spurgen check measures" in forecast(text).sentence()
    assert "8 of 8 jobs to run, 1 at a time; their time is unknown: no result" in forecast({}).sentence()


def test_the_table_has_a_line_for_all_submissions_with_the_same_tasks_and_seeds(forecast, read_table):
    text = {key: times for key, times in ALL.items() if key == ("erm", "small-text")}
    erm, irm = read_table(forecast(ERM, missing=7).table())
    assert list(erm.values()) == ["erm", "4", "small-text, small-image (0-1)", "about 8 min"]
    assert list(irm.values()) == ["irm", "3", "small-text (0-1); small-image (0)", "about 6 min"]
    assert [line["Time, one by one"] for line in read_table(forecast(text, missing=7).table())] == ["unknown"] * 2
    (both,) = read_table(forecast(ERM).table())
    assert list(both.values()) == ["erm, irm", "8", "small-text, small-image (0-1)", "about 16 min"]


def test_only_finished_results_with_a_time_are_measured(suite, make_row, make_outcome):
    def row(**changes):
        return {"small-text": make_row(suite, 0.8, **changes)}

    silent = make_outcome(suite, 0.8)[0].provenance.model_copy(update={"seconds": {}})
    rows = {"a": row(seeds=(0, 1)), "private": row(provenance=silent), "bad": row(error="boom", metrics={})}
    assert measured(rows, {"a": row()}) == {
        ("a", "small-text"): [1.0] * 3, ("private", "small-text"): [], ("bad", "small-text"): [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "less than a minute"), (60, "about 1 min"), (5399, "about 90 min"), (5400, "about 1.5 h")],
)
def test_times_in_words(seconds, words):
    assert duration(seconds) == words
