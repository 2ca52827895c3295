import numpy as np
import pytest

from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import aligned_values, sample
from spurgen.harness.experiments.drawn import draw_train, facts, rates_table

FIELDS = {
    "suite": "none", "name": "small", "seed": 11, "num_classes": 3, "image_size": 32,
    "channels": {"color": {"values": 3, "strength": (0.9, 0.8, 0.7)}, "shape": {"values": 4}},
    "environments": [{"name": "one", "strength": {"shape": 0.95}}, {"name": "two"}],
    "splits": {"train": 400, "val": 30, "test_per_group": 2, "twins": 8},
}  # fmt: skip


@pytest.fixture
def task():
    """Return a function that makes a task of a small world."""
    return lambda modality="image", **changes: Task("t", make_scenario("test", **(FIELDS | changes)), modality)


def test_rates_are_counted_on_train_and_in_each_environment(task, read_table):
    scenario = task().scenario
    lines = read_table(rates_table(task(), draw_train(scenario)))
    train = sample(scenario, "train", range(400), images=False, captions=False)
    sizes = np.bincount(train.env_ids).tolist()
    for line, name, asked in zip(lines, ("color", "shape"), (["by class"] * 2, ["0.95", "0.75"]), strict=True):
        aligned = aligned_values(scenario, name)[train.channel_values[name], train.labels]
        rates = [aligned[train.env_ids == k].mean() for k in (0, 1)]
        assert list(line) == ["Shortcut", "Values", "train, 400", f"one, {sizes[0]}", f"two, {sizes[1]}"]
        assert [*line.values()] == [
            name, str(scenario.channels[name].values), f"{aligned.mean():.2f}",
            *(f"{rate:.2f} ({strength})" for rate, strength in zip(rates, asked, strict=True)),
        ]  # fmt: skip


def test_without_environments_the_strength_asked_for_stands_beside_train(task, read_table):
    world = task(environments=[])
    color, shape = read_table(rates_table(world, draw_train(world.scenario)))
    assert color["train, 400"].endswith(" (by class)")
    assert shape["train, 400"].endswith(" (0.75)")


def test_under_label_noise_rates_are_those_with_the_class_shown(task, read_table):
    world = task(
        environments=[], channels={"color": {"values": 3, "strength": 0.9}}, label_noise=0.4, noise_kind="label"
    )
    (color,) = read_table(rates_table(world, draw_train(world.scenario)))
    assert 0.86 < float(color["train, 400"].removesuffix(" (0.9)")) < 0.94  # with the label about .6


def test_an_environment_without_samples_has_no_rate(task, read_table):
    environments = [{"name": "one"}, {"name": "rare", "weight": 1e-9}]
    world = task(environments=environments)
    assert read_table(rates_table(world, draw_train(world.scenario)))[0]["rare, 0"] == "-"


@pytest.mark.parametrize(
    ("modality", "changes"),
    [("image", {"core_carrier": "caption"}), ("text", {"core_carrier": "image"}), ("image", {"core_contrast": 0})],
)
def test_a_modality_without_the_class_is_said_to_show_none(task, modality, changes):
    channels = {"background": {"values": 3}}
    world = task(modality, environments=[], channels=channels, **changes)
    assert facts(world, draw_train(world.scenario))[0].startswith("Nothing that this modality shows tells the class")
    whole = task("multimodal", environments=[], channels=channels, **changes)
    assert "The class is shown in every sample." in facts(whole, draw_train(whole.scenario))
