from pathlib import Path
from types import SimpleNamespace

import pytest

from spurgen.harness.cli import main
from spurgen.harness.commands.sweep import COLUMNS, _finals
from spurgen.harness.experiments.tuning import choose, method_of, score_settings
from spurgen.harness.experiments.tuning_result import TuningResult, read_tuning
from spurgen.harness.machine import pool


def made_up(_, jobs, *__):
    """Return results as if the jobs had trained: the later a setting is tried, the better."""
    for rank, job in enumerate(jobs):
        fields = {"suite": "tiny", "task": job.task.name, "access": "none", "options": job.options, "seed": job.seed}
        yield job, TuningResult(**fields, method=method_of(job), identity=job.identity, accuracy=rank / 10)


def test_a_sweep_trains_only_the_finalists_with_the_other_seeds(suite_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pool, "run", made_up)
    command = ["sweep", "--suite", suite_file, "--tasks", "small-text", "--methods", "erm", "--jobs", "1"]
    command += ["--trials", "2", "--seeds", "0,4", "--finalists", "1", "--device", "cpu", "--out", str(tmp_path)]
    assert main([*command, "--dry-run"]) == 0
    assert "3 of 3 jobs" in capsys.readouterr().err
    assert main(command) == 0
    results = read_tuning(tmp_path / "tiny" / "erm.jsonl")
    assert [result.seed for result in results] == [0, 0, 4]
    assert {result.task for result in results} == {"small-text"}
    assert results[2].options == choose(score_settings(results[:2])).options
    capsys.readouterr()
    assert main([*command, "--dry-run"]) == 0
    assert "results are there (3)" in capsys.readouterr().err
    command[4:5] = ["small-text", "small-image", "--heats", "small-text"]
    assert main([*command, "--dry-run"]) == 0
    assert "2 of 5 jobs" in capsys.readouterr().err  # one finalist, in two seeds on the other task


def test_a_sweep_tunes_resumes_and_keeps_the_other_methods_in_its_table(suite_file, tmp_path, capsys, monkeypatch):
    out = tmp_path / "sweeps"

    def sweep(*methods):
        options = ["--trials", "1", "--device", "cpu", "--jobs", "1", "--out", str(out)]
        assert main(["sweep", "--suite", suite_file, "--tasks", "small-text", "--methods", *methods, *options]) == 0
        return capsys.readouterr().out

    monkeypatch.setattr(pool, "run", made_up)
    table = sweep("erm", "group_dro")
    assert "| erm " in table
    assert "| group_dro " in table
    assert (out / "tiny.md").read_text() == f"# The sweep of suite tiny\n\n{COLUMNS}\n\n{table}"

    def run_nothing(_, jobs, *__):
        assert not jobs
        return iter(())

    monkeypatch.setattr(pool, "run", run_nothing)
    for methods in (["erm", "group_dro"], ["erm"]):
        assert sweep(*methods) == table
        assert (out / "tiny.md").read_text().endswith(table)


def test_by_default_methods_are_tuned_on_a_world_that_is_not_frozen(tmp_path, capsys):
    tuned = ["sweep", "--tasks", "things-text-8", "--methods", "erm", "--dry-run", "--out", str(tmp_path)]
    assert main(tuned) == 0
    assert "things-text-8 (100)" in capsys.readouterr().out
    assert main([*tuned, "--seeds", "4"]) == 2
    assert "world 4 is frozen; tune on others, such as 100" in capsys.readouterr().err


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
    assert [each.options for each in _finals(jobs, heats, results, 2)] == [{"lr": 1.0}]
    assert len(_finals(jobs, heats, results[:1], 2)) == 2  # others may still become finalists


def test_an_unknown_method_is_an_error_with_the_nearest_names(suite_file, capsys):
    assert main(["sweep", "--suite", suite_file, "--tasks", "small-text", "--methods", "grup_dro"]) == 2
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
    assert main(["sweep", "--suite", suite_file, *tasks, "--methods", "erm", "--out", str(tmp_path)]) == 2
    assert message in stderr()
