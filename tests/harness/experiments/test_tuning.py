import numpy as np
import pytest
from pydantic.dataclasses import dataclass

from spurgen.baselines.training.hyperparameters import Choice, LogUniform, Recipe, redefined, within
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import BASELINES, discover
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import sample
from spurgen.generators.pictograms.sampling import draw_factors
from spurgen.generators.world import world_of
from spurgen.harness.experiments.tuning import (
    TuningResult,
    add_result,
    choose,
    finalists,
    in_order,
    quantile,
    read_tuning,
    results_file,
    score_on_val,
    score_settings,
    settings,
    split_done,
    tune,
)
from spurgen.harness.running.plan import baseline_specs, plan, plan_tuning
from spurgen.harness.running.query import Asker


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    strictness: float = within(0.0, 10.0, "nobody", default=1.0, search=LogUniform(0.1, 10.0))
    depth: int = within(1, 9, "nobody", default=3, search=Choice((1, 2, 3)))


def make_result(options, seed=0, task="a", worst=None, mean=None, accuracy=0.5, **more):
    return TuningResult(
        suite="s", task=task, method="m", access="none", options=options, seed=seed, identity=f"{task}{options}{seed}",
        accuracy=accuracy, worst=worst, mean=mean, **more,
    )  # fmt: skip


def test_the_defaults_come_first_and_every_other_setting_once():
    hyper = Hyperparameters()
    every = settings(hyper, 40)
    searched = {"lr", "weight_decay", "strictness", "depth"}
    assert every[0] == {name: getattr(hyper, name) for name in searched}
    assert all(set(row) == searched for row in every)
    assert len({str(row) for row in every}) == len(every) == 40
    assert settings(hyper, 5) == every[:5]
    assert settings(hyper, 1) == every[:1]


def test_a_draw_depends_on_the_name_of_its_hyper_parameter_and_its_number_alone():
    @dataclass(frozen=True)
    class Other(Recipe):
        depth: int = within(1, 9, "nobody", default=3, search=Choice((1, 2, 3)))
        softness: float = within(0.0, 10.0, "nobody", default=1.0, search=LogUniform(0.1, 10.0))

    ours, others = (settings(hyper, 20)[1:] for hyper in (Hyperparameters(), Other(lr=0.1, epochs=9)))
    for name in ("lr", "weight_decay", "depth"):
        assert [row[name] for row in ours] == [row[name] for row in others]
    assert [row["strictness"] for row in ours] != [row["softness"] for row in others]  # same distribution, other name
    # Recorded, since a change would end the comparability of sweeps.
    assert [(row["lr"], row["weight_decay"]) for row in ours[:3]] == [(0.0098, 0.11), (0.0023, 0.6), (0.0045, 1.7)]


@pytest.mark.parametrize("name", ["lr", "weight_decay", "q"])
def test_sixteen_draws_fall_into_sixteen_parts_of_a_distribution(name):
    quantiles = np.array([quantile(name, k) for k in range(48)])
    for block in quantiles.reshape(3, 16):
        assert sorted((block * 16).astype(int)) == list(range(16))
    assert len(set(quantiles)) == 48
    assert len({tuple(np.argsort(block)) for block in quantiles.reshape(3, 16)}) == 3


def test_a_method_without_a_search_has_one_setting():
    @dataclass(frozen=True)
    class Fixed(Recipe):
        lr: float = redefined(Recipe, "lr", search=None)
        weight_decay: float = redefined(Recipe, "weight_decay", search=None)

    assert settings(Fixed(), 16) == [{}]


def best_options(results):
    best = choose(score_settings(results))
    return best and best.options


def tried(lr, accuracy=0.5, **fields):
    return make_result({"lr": lr}, accuracy=accuracy, **fields)


CHOICES = {
    "nothing was tried": ([], None),
    "the worst pattern decides": ([tried(1, 0.9, robust=0.2, mean=0.9), tried(2, robust=0.3, mean=0.5)], 2),
    "then the mean over groups": ([tried(1, 0.9, robust=0.3, mean=0.5), tried(2, robust=0.3, mean=0.6)], 2),
    "without groups the accuracy, and of equals the first": ([tried(1), tried(2, 0.6), tried(3, 0.6)], 2),
    "the mean over tasks": ([tried(1, 0.9), tried(2), tried(1, 0, task="b"), tried(2, task="b")], 2),
    "nothing that failed": ([tried(1, 0.9), tried(1, None, task="b", error="no")], None),
    "nothing that failed a check": ([tried(1), tried(2, 0.9, failed_checks=("it acts",))], 1),
}


@pytest.mark.parametrize("case", CHOICES)
def test_the_setting_with_the_highest_mean_validation_score_is_chosen(case):
    results, lr = CHOICES[case]
    assert best_options(results) == (lr and {"lr": lr})


def test_finalists_have_the_highest_scores_and_only_they_can_be_chosen():
    results = [make_result({"lr": lr}, accuracy=accuracy) for lr, accuracy in ((1.0, 0.5), (2.0, 0.9), (3.0, 0.7))]
    failed = make_result({"lr": 4.0}).model_copy(update={"accuracy": None, "error": "no"})
    names = [setting.options["lr"] for setting in finalists(score_settings([*results, failed]), 2)]
    assert names == [2.0, 3.0]
    # In the second seed 2.0 is bad: its mean is below the score of 1.0, which has one result and is out.
    results += [make_result({"lr": 2.0}, seed=1, accuracy=0.0), make_result({"lr": 3.0}, seed=1, accuracy=0.1)]
    assert best_options(results) == {"lr": 2.0}
    results += [make_result({"lr": 1.0}, seed=1, accuracy=0.5)]
    assert best_options(results) == {"lr": 1.0}


def test_a_result_replaces_the_older_one_of_its_setting(tmp_path):
    path = tmp_path / "s" / "m.jsonl"
    for result in (make_result({}, accuracy=0.1), make_result({}, seed=1), make_result({}, accuracy=0.2)):
        add_result(path, result)
    assert [(result.seed, result.accuracy) for result in read_tuning(path)] == [(1, 0.5), (0, 0.2)]


def test_a_failed_job_is_run_again(suite_file, tmp_path):
    (job,) = plan(suite_file, ["small-text"], baseline_specs(["erm"]), [0])
    complete = make_result({}).model_copy(update={"identity": job.identity})
    failed = complete.model_copy(update={"error": "no memory", "accuracy": None})
    for result, split in ((failed, ([], [job])), (complete, ([complete], []))):
        add_result(results_file(tmp_path, "tiny", "erm"), result)
        assert split_done(tmp_path, [job]) == split


def test_a_damaged_line_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "m.jsonl"
    for line in ("{}", "{", "[" * 9**5, '{"seed": NaN}', f'{{"seed": {"1" * 5000}}}'):
        path.write_text(f"{make_result({}).model_dump_json()}\n{line}\n")
        with pytest.raises(SpurgenError, match=r"m.jsonl, line 2 is not a result of this version: .*; delete the"):
            read_tuning(path)


MODEL = """
import numpy as np
from spurgen.benchmark.errors import SubmissionError
ACCESS = {access!r}
def fit(train, val, context): {fit}
def report(): return {{"checks": {{"it began": True, "it ended": {ended}}}}}
def predict(batch): return np.tile([0.0, 2.0, 1.0], (len(batch), 1))
"""


@pytest.fixture
def tune_model(suite_file, write_submission):
    """Return a function that tunes a model that always predicts class 1."""

    def run(access="none", fit="...", ended=True):
        spec = write_submission(MODEL.format(access=access, fit=fit, ended=ended))
        return tune(plan(suite_file, ["small-text"], [spec], [3])[0])

    return run


@pytest.fixture
def val(suite):
    return sample(suite.scenario("small"), "val", range(45), images=False)


def test_tuning_generates_only_train_and_val_and_asks_only_about_val(tune_model, val, monkeypatch):
    generated, asked = set(), []
    ask = Asker.ask

    def watch_factors(world, split, indices):
        generated.add(split)
        return draw_factors(world, split, indices)

    def watch_ask(asker, what, batches, where):
        batches = list(batches)
        asked.extend(caption for batch, _ in batches for caption in batch.captions)
        return ask(asker, what, iter(batches), where)

    monkeypatch.setattr(
        "spurgen.generators.pictograms.sampling.draw_factors", watch_factors
    )  # every sample and twin begins here
    monkeypatch.setattr(Asker, "ask", watch_ask)
    assert tune_model("twins").error is None
    assert generated == {"train", "val"}
    assert sorted(asked) == sorted(val.captions)


def scores(right, access="val_groups", hidden=False, **splits):
    """Score answers that are right where `right` says, of a world with two classes and two channels."""
    shape, color = ({"values": 2, "strength": 0.9, "hidden": is_hidden} for is_hidden in (hidden, False))
    about = {"suite": "s", "name": "few", "seed": 3, "num_classes": 2, "channels": {"shape": shape, "color": color}}
    world = make_scenario("t", **about, splits={"train": 120, "val": 880, "test_per_group": 40, "twins": 4, **splits})
    val = world_of(world).factors("val")
    wrong = ~right(val.channel_values, val.labels)
    return score_on_val(Task("few-text", world, "text"), access, np.eye(2)[val.labels ^ wrong], val)


def test_the_worst_pattern_is_over_all_classes_and_groups_over_channels_that_training_may_know():
    seen, unseen = (scores(lambda v, labels: (v["shape"] == labels) | (labels == 0), hidden=h) for h in (False, True))
    assert seen.worst == 0  # class 1, where the shape conflicts
    assert 0.3 < seen.robust < 0.7  # both classes, where the shape conflicts
    assert unseen.worst > 0.5


@pytest.mark.parametrize(("access", "seen"), [("none", 400), ("envs", 400), ("val_groups", 880)])
def test_accuracy_is_that_on_the_val_samples_that_the_tier_sees(access, seen):
    assert scores(lambda *_: np.arange(880) >= 480, access, val_per_group=60).accuracy == 400 / seen


@pytest.mark.parametrize(("access", "grouped"), [("none", False), ("train_groups", True)])
def test_groups_on_val_are_scored_only_where_the_tier_shows_them(access, grouped, tune_model, val):
    result = tune_model(access)
    assert (result.task, result.method, result.access, result.seed) == ("small-text", "model", access, 3)
    assert (result.error, result.failed_checks) == (None, ())
    assert result.accuracy == pytest.approx(np.mean(val.labels == 1))
    groups = np.unique(val.group_ids)  # 4 to 7 are of class 1
    by_group = pytest.approx(np.mean(groups // 4 == 1)) if grouped else None
    assert (result.worst, result.mean) == (0 if grouped else None, by_group)
    by_pattern = min(np.mean(val.labels[val.group_ids % 4 == k] == 1) for k in range(4))
    assert result.robust == (pytest.approx(by_pattern) if grouped else None)


def test_a_method_that_fails_has_an_error_and_no_score(tune_model):
    result = tune_model("val_groups", fit="raise SubmissionError('no luck')")
    assert (result.error, result.access, result.accuracy, result.score) == ("no luck", "val_groups", None, None)


def test_a_method_that_fails_a_sanity_check_names_it_and_has_no_score(tune_model):
    result = tune_model(ended=False)
    assert (result.error, result.failed_checks, result.score, result.accuracy > 0) == (None, ("it ended",), None, True)


def test_stored_results_are_put_in_the_order_of_their_settings_the_defaults_first():
    planned = settings(Recipe(), 20)
    stored = [make_result(options) for options in [*planned[5:], *planned[:5]]]
    assert [result.options for result in in_order(stored, Recipe())] == planned
    drawn = [make_result(options) for options in [planned[3], planned[2], planned[1]]]  # the third was the default
    assert [result.options for result in in_order(drawn, Recipe())] == [planned[3], planned[1], planned[2]]
    assert in_order([], Recipe()) == []


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(("method", "groups"), [("erm", False), ("subg", True)])
def test_a_rung_is_tuned_by_what_the_access_tier_shows_of_val(steps, method, groups):
    (job,) = plan_tuning(steps, ["few-6"], baseline_specs([method]), [100], "cpu", {"l2": 1e-3})
    result = tune(job)
    assert (result.error, result.options) == (None, {"l2": 1e-3})
    assert 0 <= result.accuracy <= 1
    assert (result.robust is not None) == groups
    again = tune(job)
    assert (again.accuracy, again.robust) == (result.accuracy, result.robust)


@pytest.mark.usefixtures("words")
def test_a_failure_on_a_rung_is_an_error_of_the_setting(steps):
    (job,) = plan_tuning(steps, ["few-6"], baseline_specs(["erm"]), [100], "cpu", {"no_such": 1})
    assert "has no option 'no_such'" in tune(job).error


def test_frozen_features_have_a_search_of_their_own():
    hyper = discover(BASELINES)["erm"].submission.HYPERPARAMETERS
    assert set(settings(hyper, 2, "features")[1]) == {"l2"}
    assert "lr" in settings(hyper, 2)[1]
