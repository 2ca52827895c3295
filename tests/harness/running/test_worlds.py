"""Suites whose scenarios are templates of several worlds: a training seed names the world."""

import shutil

import pytest
from small_suites import freeze_into

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.generators.world import world_of
from spurgen.harness.board.rows import groups_on_test
from spurgen.harness.options.verifying import only
from spurgen.harness.running.data import fitted
from spurgen.harness.running.plan import baseline_specs, plan, plan_again, plan_tuning
from spurgen.harness.splits.frozen import verify

SCENARIO = """
suite = "many"
name = "plates"
seed = 11
worlds = 2
num_classes = 2
image_size = 32
channels = { color = { values = 3 } }
splits = { train = 40, val = 10, test_per_group = 2, twins = 4, nuisance_twins = 2 }
"""


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """A folder with a suite of a frozen template of two worlds."""
    tasks = '[tasks]\nplates-image = { scenario = "plates", modality = "image" }\n'
    return freeze_into(tmp_path_factory.mktemp("many"), "many", "plates", SCENARIO, tasks)


@pytest.fixture
def many(frozen, tmp_path):
    """The file of a copy of that suite, which a test may change."""
    shutil.copytree(frozen, tmp_path / "suites")
    return str(tmp_path / "suites" / "many.toml")


def jobs_on(file, seeds):
    return plan(file, [], baseline_specs(["erm"]), seeds)


def test_a_seed_is_a_world_and_all_worlds_share_the_identity_of_their_data(many):
    first, second = jobs_on(many, (0, 1))
    assert [job.task.scenario.name for job in (first, second)] == ["plates-w0", "plates-w1"]
    assert first.data_sha256 == second.data_sha256
    assert first.identity != second.identity
    (train, other) = (fitted(job, "train").inputs for job in (first, second))
    assert (train.images != other.images).any()


def test_the_manifest_of_several_worlds_notices_another_sample(many):
    suite = load_suite(many)
    assert verify(suite, jobs=1) is None
    text = suite.manifest_file.read_text()
    digest = suite.manifest.scenarios["plates-w1"].parts["val"].shards[0].images
    suite.manifest_file.write_text(text.replace(digest, "0" * 64))
    problem = verify(load_suite(many), jobs=1)
    assert problem.startswith("scenario plates-w1, val: shard 0 differs in images; expected SHA-256 0000")


def test_a_world_that_is_not_frozen_is_refused(many):
    with pytest.raises(SpurgenError, match="task plates-image has no world 2: seeds are worlds here, 0 to 1"):
        jobs_on(many, (0, 2))


def test_methods_are_tuned_on_worlds_that_are_not_frozen(many):
    (job,) = plan_tuning(many, ["plates-image"], baseline_specs(["erm"]), (100,), "cpu", {})
    assert (job.task.scenario.name, job.frozen) == ("plates-w100", None)
    with pytest.raises(SpurgenError, match="world 1 is frozen; tune on others, such as 100"):
        plan_tuning(many, ["plates-image"], baseline_specs(["erm"]), (1, 100), "cpu", {})


def test_all_worlds_are_frozen_and_verified(many):
    suite = load_suite(many)
    assert list(suite.manifest.scenarios) == list(suite.scenarios) == ["plates-w0", "plates-w1"]
    assert suite.scenario_file("plates-w1").name == "plates.toml"
    made = []
    assert verify(suite, made.append, jobs=1) is None
    assert sum(made) == sum(sum(scenario.parts.values()) for scenario in suite.scenarios.values())
    assert "twins/placebo/wording" in suite.scenario("plates-w0").parts


def test_test_samples_have_the_same_groups_in_every_world(many):
    task = load_suite(many).task("plates-image")
    expected = groups_on_test(task)
    for world in task.worlds:
        made = world_of(world)
        assert (made.groups(task.channels, made.factors("test")) == expected).all()


def test_a_template_or_a_world_can_be_chosen(many):
    suite = load_suite(many)
    assert list(only(suite, ["plates-w1"]).scenarios) == ["plates-w1"]
    assert list(only(suite, ["plates"]).scenarios) == ["plates-w0", "plates-w1"]


def test_a_result_is_run_again_in_its_own_world(many):
    (job,) = jobs_on(many, (1,))

    class Made:
        task, spec, seed, options = job.task.name, job.spec, 1, {}
        uncorrelated, matched, draw = True, False, 0

    (again,) = plan_again(many, [Made])
    assert (again.task.scenario.name, again.uncorrelated) == ("plates-w1", True)
