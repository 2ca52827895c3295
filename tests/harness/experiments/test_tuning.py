from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from spurgen.baselines import erm
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.benchmark.errors import SpurgenError
from spurgen.generators import sample
from spurgen.generators.factors import draw_factors
from spurgen.harness.cli import main
from spurgen.harness.commands.sweep import sweep_table
from spurgen.harness.experiments import tuning as sweep
from spurgen.harness.experiments.tuning import SweepSpec, choose, keep, ranked, settings
from spurgen.harness.experiments.tuning_result import SweepTrial, read_trials
from spurgen.harness.running.job import CellSpec
from spurgen.harness.running.query import Asker


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    strictness: float = field(default=1.0, metadata=within(0.0, 10.0, "nobody", search=(0.1, 1.0, 10.0)))


def trial(options, seed=0, task="a", worst=None, mean=None, accuracy=0.5, **more):
    return SweepTrial(
        suite="s", task=task, method="m", access="none", options=options, seed=seed, identity=f"{task}{options}{seed}",
        accuracy=accuracy, worst=worst, mean=mean, **more,
    )  # fmt: skip


@pytest.mark.parametrize("strategy", ["grid", "random"])
def test_the_defaults_come_first_and_every_other_setting_once(strategy):
    hyper = Hyperparameters()
    every = settings(hyper, 1000, strategy)
    searched = {"lr", "weight_decay", "strictness"}
    assert every[0] == {name: getattr(hyper, name) for name in searched}
    assert all(set(row) == searched for row in every)
    assert len({str(row) for row in every}) == len(every) == 3 * 3 * 3
    assert settings(hyper, 5, strategy) == every[:5]


def test_a_random_search_spreads_over_all_hyper_parameters():
    tried = settings(Hyperparameters(), 8, "random")[1:]
    assert tried != settings(Hyperparameters(), 8, "grid")[1:]
    assert all(len({row[name] for row in tried}) > 1 for name in tried[0])


def test_fewer_than_one_trial_is_refused():
    with pytest.raises(SpurgenError, match="0 trials are none; ask for at least 1"):
        settings(Hyperparameters(), 0, "grid")


def test_the_worst_group_decides_then_the_mean_over_groups_then_the_first():
    trials = [
        trial({}, worst=0.2, mean=0.9, accuracy=1.0),
        trial({"lr": 1.0}, worst=0.3, mean=0.5, accuracy=0.1),
        trial({"lr": 2.0}, worst=0.3, mean=0.6, accuracy=0.1),
        trial({"lr": 3.0}, worst=0.3, mean=0.6, accuracy=0.9),
    ]
    assert choose(trials) == {"lr": 2.0}


def test_without_groups_accuracy_decides():
    assert choose([trial({}, accuracy=0.4), trial({"lr": 1.0}, accuracy=0.6)]) == {"lr": 1.0}


def test_a_setting_is_judged_by_its_mean_over_tasks_and_seeds():
    scores = {"{}": (0.9, 0.1), "lr": (0.6, 0.6)}
    trials = [
        trial({} if name == "{}" else {"lr": 1.0}, task=task, accuracy=score)
        for name, pair in scores.items()
        for task, score in zip("ab", pair, strict=True)
    ]
    assert {str(options): score for options, score in ranked(trials)} == {"{}": (0.5,), "{'lr': 1.0}": (0.6,)}
    assert choose(trials) == {"lr": 1.0}


@pytest.mark.parametrize("spoilt", [{"error": "no", "accuracy": None}, {"broken": ("the penalty became active",)}])
def test_a_setting_that_failed_or_broke_its_promise_anywhere_is_out(spoilt):
    trials = [
        trial({}),
        trial({}, task="b"),
        trial({"lr": 1.0}, accuracy=0.9),
        trial({"lr": 1.0}, **{"task": "b", "accuracy": 0.9, **spoilt}),
    ]
    assert choose(trials) == {}
    assert choose(trials[2:]) is None


def test_a_trial_replaces_the_older_one_of_its_setting(tmp_path):
    path = tmp_path / "s" / "m.jsonl"
    keep(path, trial({}, accuracy=0.1))
    keep(path, trial({}, seed=1))
    keep(path, trial({}, accuracy=0.2))
    assert [(t.seed, t.accuracy) for t in read_trials(path)] == [(1, 0.5), (0, 0.2)]


def test_a_trial_that_failed_is_tried_again(suite_file, tmp_path):
    spec = SweepSpec("erm", CellSpec(suite_file, "small-text", "spurgen.baselines.erm", 0))
    whole = trial({}).model_copy(update={"identity": spec.cell.identity})
    for one, missing in ((whole.model_copy(update={"error": "no memory", "accuracy": None}), [spec]), (whole, [])):
        keep(sweep.trials_file(tmp_path, suite_file, "erm"), one)
        assert sweep.split_done(tmp_path, [spec])[1] == missing


def test_a_damaged_line_is_named(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text(trial({}).model_dump_json() + "\n{}\n")
    with pytest.raises(SpurgenError, match=r"m.jsonl, line 2 is no trial of this version: .*; delete the line"):
        read_trials(path)


def test_a_sweep_tunes_and_resumes(suite_file, tmp_path, capsys, monkeypatch):
    out = tmp_path / "sweeps"
    command = ["sweep", "--suite", suite_file, "--tasks", "small-text", "--methods", "erm", "group_dro"]
    command += ["--trials", "2", "--device", "cpu", "--jobs", "1", "--out", str(out)]
    assert main(command) == 0
    table = capsys.readouterr().out
    assert "| erm " in table
    assert table == (out / "tiny.md").read_text()
    kept = {name: read_trials(out / "tiny" / f"{name}.jsonl") for name in ("erm", "group_dro")}
    assert [trial.error for trials in kept.values() for trial in trials] == [None] * 4
    assert {trial.worst is None for trial in kept["erm"]} == {True}  # its tier hides groups, on val too
    assert {trial.worst is None for trial in kept["group_dro"]} == {False}
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor.submit", None)  # nothing is left to run
    for methods in (["erm", "group_dro"], ["erm"]):  # those that are not swept again stay in the table
        at = command.index("--methods") + 1
        assert main([*command[:at], *methods, *command[at + 2 :]]) == 0
        assert capsys.readouterr().out == table == (out / "tiny.md").read_text()


MODEL = """
import numpy as np
ACCESS = {access!r}
def fit(train, val, context): {fit}
def report(): return {{"checks": {{"it began": True, "it ended": {kept}}}}}
def predict(batch): return np.tile([0.0, 2.0, 1.0], (len(batch), 1))
"""


@pytest.fixture
def tried(suite_file, write_submission):
    """Returns a function that runs a trial of a model that always answers with class 1."""

    def run(access="none", fit="...", kept=True):
        spec = write_submission(MODEL.format(access=access, fit=fit, kept=kept))
        return SweepSpec("mine", CellSpec(suite_file, "small-text", spec, 3)).run()

    return run


@pytest.fixture
def val(suite):
    return sample(suite.scenario("small"), "val", range(45), images=False)


def test_a_trial_makes_train_and_val_alone_and_asks_about_val_alone(tried, val, monkeypatch):
    made, asked = set(), []

    def drawn(world, split, indices):
        made.add(split)
        return draw_factors(world, split, indices)

    def watched(asker, what, batches, where):
        batches = list(batches)
        asked.extend(caption for batch in batches for caption in batch.captions)
        return ask(asker, what, iter(batches), where)

    ask = Asker.ask
    monkeypatch.setattr("spurgen.generators.sampling.draw_factors", drawn)  # every sample and twin begins here
    monkeypatch.setattr(Asker, "ask", watched)
    assert tried("twins").error is None
    assert made == {"train", "val"}
    assert sorted(asked) == sorted(val.captions)


@pytest.mark.parametrize(("access", "grouped"), [("none", False), ("train_groups", True)])
def test_a_trial_is_judged_on_val_by_groups_only_where_its_tier_shows_them(access, grouped, tried, val):
    found = tried(access)
    assert (found.task, found.method, found.access, found.seed) == ("small-text", "mine", access, 3)
    assert (found.error, found.broken) == (None, ())
    assert found.accuracy == pytest.approx(np.mean(val.labels == 1))
    groups = np.unique(val.group_ids)  # 4 to 7 are of class 1
    by_group = pytest.approx(np.mean(groups // 4 == 1)) if grouped else None
    assert (found.worst, found.mean) == (0 if grouped else None, by_group)


def test_a_trial_whose_method_fails_says_why_and_has_no_score(tried):
    found = tried("val_groups", fit="raise ValueError('no luck')")
    assert "task small-text: fit failed: ValueError: no luck" in found.error
    assert (found.access, found.accuracy, found.worst, found.score) == ("val_groups", None, None, None)
    assert choose([found]) is None


def test_a_trial_whose_method_breaks_a_promise_names_it_and_is_out(tried):
    found = tried(kept=False)
    assert (found.error, found.broken, found.score) == (None, ("it ended",), None)
    assert found.accuracy > 0
    assert choose([found]) is None


KNOWN = {name: SimpleNamespace(submission=SimpleNamespace(ACCESS=f"of {name}")) for name in "mn"}
FAILED = {"error": "no", "accuracy": None}


@pytest.mark.parametrize(
    ("trials", "told"),
    [
        (
            [trial({"lr": 0.5, "q": 2}, accuracy=0.4), trial({"lr": 0.001, "q": 1}, accuracy=0.6)],
            ("accuracy", "2", "2", "0.400", "0.600", "lr = 0.001, q = 1"),
        ),
        (
            [trial({"lr": 1}, accuracy=0.7), trial({"lr": 2}, accuracy=0.6)],
            ("accuracy", "2", "2", "0.700", "0.700", "lr = 1"),
        ),
        (
            [trial({"lr": 1}, worst=0.1, mean=0.2, accuracy=0.9), trial({"lr": 2}, worst=0.3, mean=0.4, accuracy=0.8)],
            ("worst group", "2", "2", "0.100", "0.300", "lr = 2"),
        ),
        (
            [trial({"lr": 1}, task=task, accuracy=score) for task, score in (("a", 0.2), ("b", 0.4))],
            ("accuracy", "1", "1", "0.300", "0.300", "lr = 1"),
        ),
        ([trial({"lr": 1}, **FAILED), trial({"lr": 2})], ("accuracy", "2", "1", "", "0.500", "lr = 2")),
        ([trial({"lr": 1}, **FAILED), trial({"lr": 2}, broken=("x",))], ("accuracy", "2", "0", "", "", "none worked")),
    ],
)
def test_the_table_compares_the_defaults_which_come_first_with_the_best(trials, told, read_table):
    other = trial({"lr": 9}).model_copy(update={"method": "n"})
    row, _ = read_table(sweep_table(["m", "n"], [*trials, other], KNOWN))
    columns = ("Judged by", "Settings", "Worked", "Defaults", "Best", "Chosen")
    assert row == {"Method": "m", "Access": "of m", **dict(zip(columns, told, strict=True))}


def test_an_unknown_method_is_refused_with_the_nearest_names(suite_file, capsys):
    assert main(["sweep", "--suite", suite_file, "--tasks", "small-text", "--methods", "grup_dro"]) == 2
    assert "there is no method 'grup_dro'; did you mean group_dro" in capsys.readouterr().err


def test_defaults_are_among_what_is_searched():
    for name in ("lr", "weight_decay"):
        entry = erm.Hyperparameters.__dataclass_fields__[name]
        assert entry.default in entry.metadata["search"]
