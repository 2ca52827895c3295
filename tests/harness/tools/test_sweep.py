from pathlib import Path
from types import SimpleNamespace

import pytest
import sweep

from spurgen.harness.cli import run_script
from spurgen.harness.experiments.tuning import TuningResult, choose, method_of, read_tuning, score_settings
from spurgen.harness.machine import pool

ROOT = Path(sweep.__file__).parents[1]


def made_up(_, jobs, *__):
    """Return results as if the jobs had trained: the later a setting is tried, the better."""
    for rank, job in enumerate(jobs):
        fields = {"suite": "tiny", "task": job.task.name, "access": "none", "options": job.options, "seed": job.seed}
        yield job, TuningResult(**fields, method=method_of(job), identity=job.identity, accuracy=rank / 10)


def test_a_sweep_trains_only_the_finalists_with_the_other_seeds(suite_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pool, "run", made_up)
    command = ["--suite", suite_file, "--tasks", "small-text", "--methods", "erm", "--jobs", "1"]
    command += ["--trials", "2", "--seeds", "0,4", "--finalists", "1", "--device", "cpu", "--out", str(tmp_path)]
    assert run_script(sweep, [*command, "--dry-run"]) == 0
    assert "3 of 3 jobs" in capsys.readouterr().err
    assert run_script(sweep, command) == 0
    results = read_tuning(tmp_path / "tiny" / "erm.jsonl")
    assert [result.seed for result in results] == [0, 0, 4]
    assert {result.task for result in results} == {"small-text"}
    assert results[2].options == choose(score_settings(results[:2])).options
    capsys.readouterr()
    assert run_script(sweep, [*command, "--dry-run"]) == 0
    assert "results are there (3)" in capsys.readouterr().err
    command[3:4] = ["small-text", "small-image", "--heats", "small-text"]
    assert run_script(sweep, [*command, "--dry-run"]) == 0
    assert "2 of 5 jobs" in capsys.readouterr().err  # one finalist, in two seeds on the other task


def test_a_sweep_tunes_resumes_and_keeps_the_other_methods_in_its_table(suite_file, tmp_path, capsys, monkeypatch):
    out = tmp_path / "sweeps"

    def table_of(*methods):
        options = ["--trials", "1", "--device", "cpu", "--jobs", "1", "--out", str(out)]
        flags = ["--suite", suite_file, "--tasks", "small-text", "--methods", *methods, *options]
        assert run_script(sweep, flags) == 0
        return capsys.readouterr().out

    monkeypatch.setattr(pool, "run", made_up)
    table = table_of("erm", "group_dro")
    assert "| erm " in table
    assert "| group_dro " in table
    assert (out / "tiny.md").read_text() == f"# The sweep of suite tiny\n\n{sweep.COLUMNS}\n\n{table}"

    def run_nothing(_, jobs, *__):
        assert not jobs
        return iter(())

    monkeypatch.setattr(pool, "run", run_nothing)
    for methods in (["erm", "group_dro"], ["erm"]):
        assert table_of(*methods) == table
        assert (out / "tiny.md").read_text().endswith(table)


def test_by_default_methods_are_tuned_on_a_world_that_is_not_frozen(tmp_path, capsys):
    tuned = ["--tasks", "things-text-4", "--methods", "erm", "--dry-run", "--out", str(tmp_path)]
    assert run_script(sweep, tuned) == 0
    assert "things-text-4 (100)" in capsys.readouterr().out
    assert run_script(sweep, [*tuned, "--seeds", "4"]) == 2
    assert "world 4 is frozen; tune on others, such as 100" in capsys.readouterr().err


def test_methods_that_train_on_twins_are_tuned_where_there_are_some(tmp_path, capsys):
    suite = str(ROOT / "benchmark/sweeps/tuning.toml")
    asked = ["--suite", suite, "--tasks", "text-16", "length-person-32", "--seeds", "0"]
    assert run_script(sweep, [*asked, "--methods", "erm", "cda", "--dry-run", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "skipped length-person-32, which is without twins: cda trains on them" in told.err
    assert "45 of 45 jobs" in told.err  # 15 settings of each: of erm on two tasks, of cda on one


def test_settings_that_failed_in_the_heats_are_no_finalists():
    spec = "spurgen.baselines.erm:submission"
    jobs = [
        SimpleNamespace(identity=f"{lr}/{seed}", options={"lr": lr}, seed=seed, spec=spec)
        for lr in (1.0, 2.0, 3.0)
        for seed in (0, 1)
    ]
    heats = [each for each in jobs if each.seed == 0]
    made = {"suite": "tiny", "task": "t", "method": "erm", "access": "none", "seed": 0}
    results = [
        TuningResult(**made, options=each.options, identity=each.identity, accuracy=accuracy)
        for each, accuracy in zip(heats, (0.5, None, None), strict=True)
    ]
    assert [each.options for each in sweep._finals(jobs, heats, results, 2)] == [{"lr": 1.0}]
    assert len(sweep._finals(jobs, heats, results[:1], 2)) == 2  # others may still become finalists


@pytest.mark.usefixtures("nothing_runs")
def test_without_a_choice_only_the_plan_is_printed(suite_file, tmp_path, capsys):
    flags = ["--suite", suite_file, "--trials", "1", "--device", "cpu", "--out", str(tmp_path / "new")]
    assert run_script(sweep, flags) == 0
    out, err = capsys.readouterr()
    assert "small-image, small-text, small-both (0" in out
    assert "nothing was started; add --yes to start all of them" in err
    assert not (tmp_path / "new").exists()


def test_an_unknown_method_is_an_error_with_the_nearest_names(suite_file, capsys):
    assert run_script(sweep, ["--suite", suite_file, "--tasks", "small-text", "--methods", "grup_dro"]) == 2
    assert "there is no method 'grup_dro'; did you mean group_dro" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("backbones", "message"),
    [
        (("scratch", "frozen"), "some give baselines frozen features, others not; sweep them apart"),
        (("finetuned", "frozen"), "where encoders are trained all methods have the same settings"),
    ],
)
def test_tasks_that_have_no_settings_in_common_are_refused(backbones, message, suite_file, tmp_path, stderr):
    path = Path(suite_file)
    for modality, backbone in zip(("image", "text"), backbones, strict=True):
        old = f'modality = "{modality}"'
        path.write_text(path.read_text().replace(old, f'{old}, backbone = "{backbone}"'))
    tasks = ["--tasks", "small-image", "small-text"]
    assert run_script(sweep, ["--suite", suite_file, *tasks, "--methods", "erm", "--out", str(tmp_path)]) == 2
    assert message in stderr()


def result_of(options, **more):
    fields = {"suite": "s", "task": "t", "method": "m", "access": "none", "seed": 0, "accuracy": 0.5}
    return TuningResult(**(fields | more), options=options, identity=str(options))


BEST = "lr = 0.002, q = 1"
FAILED = {"error": "no", "accuracy": None}


def grouped(robust, mean):
    return {"worst": 0.0, "mean": mean, "robust": robust}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"accuracy": 0.4}, {"accuracy": 0.6}, ("accuracy", "2", "0.400", "0.600", BEST)),
        ({"accuracy": 0.7}, {"accuracy": 0.6}, ("accuracy", "2", "0.700", "0.700", "lr = 0.5")),
        (grouped(0.1, mean=0.9), grouped(0.3, mean=0.4), ("worst of agree, mislead", "2", "0.100", "0.300", BEST)),
        (FAILED, {}, ("accuracy", "1", "", "0.500", BEST)),
        (FAILED, {"failed_checks": ("x",)}, ("accuracy", "0", "", "", "none worked")),
    ],
)  # fmt: skip
def test_the_table_compares_the_defaults_which_come_first_with_the_best(first, second, expected, read_table):
    results = [result_of({"lr": 0.5}, **first), result_of({"lr": 0.002, "q": 1}, **second)]
    other = result_of({"lr": 9}, method="n")
    known = {name: SimpleNamespace(submission=SimpleNamespace(ACCESS=f"of {name}")) for name in "mno"}
    row, _ = read_table(sweep.sweep_table([*results, other], known))
    columns = ("Judged by", "Worked", "Defaults", "Best", "Chosen")
    assert row == {"Method": "m", "Access": "of m", "Settings": "2", **dict(zip(columns, expected, strict=True))}


def test_a_chosen_value_that_is_an_end_of_what_was_tried_says_so(read_table):
    known = {"m": SimpleNamespace(submission=SimpleNamespace(ACCESS="none"))}
    tried = [{"lr": 0.1, "q": 1, "r": 1}, {"lr": 0.2, "q": 3, "r": 2}, {"lr": 0.3, "q": 2, "r": 1}]
    results = [result_of(options, accuracy=0.1 * (options["lr"] == 0.3)) for options in tried]
    (row,) = read_table(sweep.sweep_table(results, known))
    assert row["Chosen"] == "lr = 0.3 (highest), q = 2, r = 1"
    results = [result_of(options, accuracy=0.1 * (options["lr"] == 0.1)) for options in tried]
    (row,) = read_table(sweep.sweep_table(results, known))
    assert row["Chosen"] == "lr = 0.1 (lowest), q = 1 (lowest), r = 1"
