from types import SimpleNamespace

import entry
import pytest
from entry import Run, check_rules, planned_runs

from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.harness.cli import run_script

SCENARIO = {
    "suite": "many", "name": "plates", "seed": 1, "worlds": 5, "num_classes": 4, "image_size": 32,
    "channels": {"color": {"strength": 0.9}}, "second_part": {"kind": "tint"},
    "splits": {"train": 100, "val": 200, "val_per_group": 20, "test_per_group": 50, "conflicting_per_class": 350},
}  # fmt: skip
UNCORRELATED = Run("erm", uncorrelated=True)
GOOD = {"resample": 0.9, "group_dro": 0.9, "jtt": 0.81, "dfr": 0.3, "adversarial": 0.3}


def made(robust, task="plates-image"):
    """Return results of every planned run in two worlds; `robust` maps runs or methods to robust accuracies."""
    every = [run for runs in planned_runs().values() for run in runs]
    values = {run: robust.get(run, robust.get(run.method, 0.4)) for run in every}
    return {
        run: [SimpleNamespace(task=task, seed=seed, metrics={"robust_accuracy": value}) for seed in (100, 101)]
        for run, value in values.items()
    }


def rules(robust=GOOD, **changes):
    scenario = make_scenario("t", **{**SCENARIO, **changes})
    return check_rules(Task("plates-image", scenario, "image"), made({UNCORRELATED: 0.97} | robust), (100, 101))


def test_a_task_that_meets_all_rules():
    assert [rule.met for rule in rules()] == [True] * 8


@pytest.mark.parametrize(
    ("broken", "robust", "changes"),
    [
        (0, {}, {"label_noise": 0.01, "noise_kind": "label"}),  # which the ideal observer sees through
        (1, {}, {"core_visibility": 0.5}),
        (2, {Run("erm", (("epochs", 48),)): 0.51}, {}),
        (3, {UNCORRELATED: 0.94}, {}),
        (4, {"jtt": 0.79}, {}),
        (5, {}, {"worlds": 4}),
        (6, {}, {"splits": {**SCENARIO["splits"], "val_per_group": 19}}),
        (7, {}, {"splits": {**SCENARIO["splits"], "conflicting_per_class": 349}}),
    ],
)
def test_each_rule_can_be_broken_alone(broken, robust, changes):
    assert planned_runs()["erm"][-1] == Run("erm", (("epochs", 48),))
    assert [k for k, rule in enumerate(rules(GOOD | robust, **changes)) if not rule.met] == [broken]


@pytest.mark.parametrize("task", load_suite("v2").tasks.values(), ids=lambda task: task.name)
def test_tasks_of_v2_waive_no_rule_on_their_design_that_they_meet(task):
    rules = {rule.name: rule.met for rule in entry.design_rules(task)}
    assert {name for name, met in rules.items() if not met} == rules.keys() & task.waived.keys()


def test_two_methods_of_one_family_are_not_two_families():
    rule = rules({"resample": 0.9, "group_dro": 0.9})[4]
    assert (rule.measured, rule.met) == ("group_dro", False)


def test_the_command_trains_prints_and_keeps_its_results(tmp_path, monkeypatch, capsys):
    """Train on tiny data in worlds that are not frozen; a second run trains nothing."""
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "plates.toml").write_text(
        'suite = "many"\nname = "plates"\nseed = 1\nworlds = 5\nnum_classes = 2\nimage_size = 32\n'
        "channels = { color = { values = 3 } }\nsecond_part = { kind = 'tint' }\n"
        "splits = { train = 60, val = 20, test_per_group = 5, twins = 4 }\n"
    )
    file = tmp_path / "many.toml"
    file.write_text('[tasks]\nplates-image = { scenario = "plates", modality = "image" }\n')
    few = {"erm": [Run("erm")], "uncorrelated": [UNCORRELATED], "solved": [Run("resample")]}
    monkeypatch.setattr(entry, "planned_runs", lambda: few)
    words = ["--suite", str(file), "--tasks", "plates-image", "--seeds", "100", "--results", str(tmp_path)]
    assert run_script(entry, [*words, "--jobs", "1"]) == 1
    first = capsys.readouterr()
    assert "| erm, uncorrelated data" in first.out
    assert "World 100" in first.out
    assert "| no " in first.out
    assert run_script(entry, words) == 1
    again = capsys.readouterr()
    assert again.out == first.out
    assert "seed 100" not in again.err  # nothing is trained again
    rules = ("erm", "uncorrelated", "solved", "val", "test", "ideal")
    waived = ", ".join(f'{rule} = "a control"' for rule in rules)
    file.write_text(file.read_text().replace('"image" }', f'"image", waived = {{ {waived} }} }}'))
    assert run_script(entry, words) == 0
    assert "no; waived: a control" in capsys.readouterr().out


def test_trainings_of_waived_rules_are_not_run():
    suite = load_suite("v2")
    asked = entry.trainings(suite, ["composite-text", "easy-text", "availability-large-98"])
    assert asked[UNCORRELATED] == ["composite-text", "easy-text", "availability-large-98"]
    assert asked[Run("jtt")] == ["composite-text", "easy-text"]
    assert asked[planned_runs()["erm"][0]] == ["composite-text"]
    assert entry.trainings(suite, ["availability-large-98"]).keys() == {UNCORRELATED}
