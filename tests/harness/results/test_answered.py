import numpy as np
import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.worlds.things import GROUPED, STATES
from spurgen.generators.world import world_of
from spurgen.harness import metrics
from spurgen.harness.results.answered import answered


@pytest.fixture(params=["things-text-8", "things-multimodal-8", "mole-text-8", "single-light-image-8"])
def rung(request):
    return load_suite("v3").task(request.param).in_world(3)


def test_all_that_follows_from_stored_classes_is_what_the_public_metrics_say_of_each_part(rung):
    sizes, rng, count = rung.scenario.asked(rung.modality), np.random.default_rng(0), rung.num_classes
    made = {part: world_of(rung.scenario).factors(part) for part in sizes}
    classes = {
        part: np.where(rng.random(size) < 0.6, made[part].labels, rng.integers(count, size=size))
        for part, size in sizes.items()
    }
    found = answered(rung, np.concatenate([*classes.values()]))
    accuracy = {
        part: metrics.class_accuracy(classes[part], made[part].labels, count)
        for part in (f"{split}/{state}" for split in ("test", "seen") for state in STATES)
    }
    right = np.concatenate([classes[part] == made[part].labels for part in GROUPED])
    groups = metrics.count_groups(right, np.concatenate([made[part].group_ids for part in GROUPED]), rung.num_groups)
    goes_with = np.eye(rung.scenario.num_values, count, dtype=bool)

    def follows(part, name):
        return metrics.follow_rate(classes[part], made[part].labels, made[part].channel_values[name], goes_with)

    twins = slice(0, sizes["test/thing"])
    uses = metrics.thing_use(
        classes["test/agree"][twins], classes["test/thing"], made["test/agree"].labels[twins], made["test/thing"].labels
    )
    assert found.metrics == {
        "accuracy": right.mean(), "robust_accuracy": min(accuracy[f"test/{state}"] for state in STATES),
        **{f"accuracy_{state}": accuracy[f"test/{state}"] for state in STATES},
        **{f"seen_{state}": accuracy[f"seen/{state}"] for state in STATES},
        "wga": groups.worst, "follows": follows("test/mislead", rung.channels[0]), "uses_thing": uses,
    }  # fmt: skip
    assert {type(value) for value in (*found.metrics.values(), *found.follows.values())} == {float}
    assert found.follows == {name: follows(f"test/{name}", name) for name in rung.channels}
    assert [each.tolist() for each in found.counts] == [each.tolist() for each in groups]
    assert found.correct.tolist() == right.tolist()
