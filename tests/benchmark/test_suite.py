import os

import pytest

from spurgen.benchmark import load_suite
from spurgen.benchmark.errors import FrozenDataError, ScenarioError, SpurgenError
from spurgen.benchmark.suite import SUITES
from spurgen.generators.world import NOTHING, world_of

SCENARIO = """
suite = "mini"
name = "{name}"
seed = 1
[channels.color]
[channels.voice]
carrier = "caption"
"""
TASKS = """
[tasks]
one-text = { scenario = "one", modality = "text" }
two-image = { scenario = "two", modality = "image" }
one-image = { scenario = "one", modality = "image" }
"""
FROZEN = [path.stem for path in SUITES.glob("*.toml")]


@pytest.fixture
def mini(tmp_path):
    (tmp_path / "mini").mkdir()
    for name in ("one", "two"):
        (tmp_path / "mini" / f"{name}.toml").write_text(SCENARIO.format(name=name))
    (tmp_path / "mini.toml").write_text(TASKS)
    return tmp_path / "mini.toml"


@pytest.mark.parametrize("name", FROZEN)
def test_every_scenario_of_a_suite_can_be_drawn_and_has_samples_of_every_environment(name):
    for key, scenario in load_suite(name).scenarios.items():
        assert (scenario.suite, scenario.name) == (name, key)
        drawn = world_of(scenario).draw("train", range(200), NOTHING).env_ids
        assert set(drawn.tolist()) == set(range(2 if scenario.rungs else len(scenario.environments) or 1)), key


def test_a_suite_has_the_rungs_of_each_of_its_ladders():
    suite = load_suite("v4")
    assert [rung.name for rung in suite.ladders["hidden-text"]] == [f"hidden-text-{m}" for m in (4, 16, 64, 256)]
    assert {rung.of for rung in suite.tasks.values()} == {*suite.ladders}


@pytest.mark.parametrize("name", FROZEN)
def test_a_manifest_has_the_digest_of_every_scenario(name):
    suite = load_suite(name)
    assert suite.manifest.suite == name
    frozen = {key: scenario.scenario_sha256 for key, scenario in suite.manifest.scenarios.items()}
    assert frozen == {key: scenario.digest for key, scenario in suite.scenarios.items()}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            '["one-text", "six"]',
            r"mini.toml .*: overall.both names six, which is no task; there are: one-text, two-image",
        ),
        ('["one-text", "one-text"]', r"overall.both names one-text more than once; name each task once"),
        ('["one-text"]', r"overall.both: .*at least 2 items"),
    ],
)
def test_a_bad_set_of_tasks_is_an_error(mini, members, message):
    assert load_suite(str(mini)).overall == {}
    mini.write_text(f"{TASKS}[overall]\nboth = {members}")
    with pytest.raises(ScenarioError, match=message):
        load_suite(str(mini))


def test_a_task_whose_modality_carries_no_channel_is_an_error(mini):
    file = mini.parent / mini.stem / "two.toml"
    file.write_text(file.read_text().partition("[channels.color]")[0] + '[channels.voice]\ncarrier = "caption"\n')
    with pytest.raises(ScenarioError, match="task two-image: scenario two has no channel in modality image, so there"):
        load_suite(str(mini))


def test_all_tasks_are_main_where_none_has_that_role(mini):
    assert list(load_suite(str(mini)).main) == ["one-text", "two-image", "one-image"]
    mini.write_text(TASKS.replace('modality = "text"', 'modality = "text", role = "main"'))
    assert list(load_suite(str(mini)).main) == ["one-text"]


def test_a_suite_is_read_by_path(mini):
    suite = load_suite(str(mini))
    assert suite.name == "mini"
    assert list(suite.tasks) == ["one-text", "two-image", "one-image"]
    assert list(suite.scenarios) == ["one", "two"]
    assert suite.scenario_file("two") == mini.parent / "mini" / "two.toml"
    assert suite.task("one-text").channels == ("color", "voice")
    assert suite.task("one-image").channels == ("color",)
    assert suite.task("one-image").num_groups == 20


@pytest.mark.parametrize(
    ("look_up", "message"),
    [
        (lambda s: s.task("signs"), r"suite mini has no task 'signs'; choose from one-text, two-image, one-image"),
        (
            lambda _: load_suite("v4").task("things-text"),
            r"things-text is a ladder of suite v4; name its rungs: things-text-0 ",
        ),
        (lambda s: s.task("image-one"), r"suite mini has no task 'image-one'; did you mean (.* or )?one-image"),
        (lambda s: s.scenario("signs"), r"suite mini has no scenario 'signs'; choose from one, two"),
    ],
)
def test_similar_names_or_all_are_suggested_for_an_unknown_one(mini, look_up, message):
    with pytest.raises(ScenarioError, match=message):
        look_up(load_suite(str(mini)))


def test_an_unknown_suite_is_an_error_that_lists_the_suites():
    with pytest.raises(ScenarioError, match=r"there is no suite 'v0'; there are: .*v4"):
        load_suite("v0")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.toml", r"the suite file .*none.toml does not exist; there are: frozen, mini$"),
        ("no/none.toml", r"the suite file .*none.toml does not exist; there are: .*v4"),
    ],
)
def test_a_missing_suite_file_is_an_error_that_lists_the_suites_beside_it(mini, name, message):
    for other in ("pyproject.toml", "frozen.toml", "frozen.manifest.json"):
        (mini.parent / other).write_text("")
    with pytest.raises(ScenarioError, match=message):
        load_suite(str(mini.parent / name))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"tasks = ", r"cannot read the suite file .*mini.toml"),
        (b"\xff", r"cannot read the suite file .*mini.toml"),
        (b"", r"mini.toml is not a possible suite: .*there is none; name one in \[tasks\] or a ladder"),
        (b"[tasks]", r"tasks: there is none"),
        (b"[tasks]\na = 3", r"tasks.a: .*\(got 3\)"),
        (b'[tasks]\na = { scenario = "one" }', r"tasks.a.modality: this key is missing"),
        (b'[tasks]\na = { scenario = "one", modality = "sound" }', r"tasks.a.modality: .*\(got 'sound'\)"),
        (b'[tasks]\na = { scenario = "one", modality = "text", role = "dose" }', r"tasks.a.role: .*\(got 'dose'\)"),
        (
            b'[ladders]\na = { scenario = "one", modality = "image", backbone = "scratch" }',
            r"ladders.a.backbone: .*\(got 'scratch'\)",
        ),
        (b'[tasks]\na = { scenario = "../one", modality = "image" }', r"tasks.a.scenario: .*\(got '../one'\)"),
        (b'[tasks]\na = { scenario = "six", modality = "image" }', r"cannot read the scenario file .*six.toml"),
    ],
)
def test_an_invalid_suite_file_is_an_error(mini, content, message):
    mini.write_bytes(content)
    with pytest.raises(ScenarioError, match=message):
        load_suite(str(mini))


@pytest.mark.parametrize(("old", "new"), [('name = "one"', 'name = "won"'), ('suite = "mini"', 'suite = "v4"')])
def test_a_scenario_must_carry_the_names_of_its_file_and_suite(mini, old, new):
    path = mini.parent / "mini" / "one.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ScenarioError, match=r"the file of scenario one must carry this name and suite mini"):
        load_suite(str(mini))


@pytest.mark.parametrize("content", [None, "{", "[]", '{"suite": "mini"}', "[" * 9**5, f'{{"suite": {"1" * 5000}}}'])
def test_an_unreadable_manifest_is_an_error_that_says_what_to_do(mini, content):
    suite = load_suite(str(mini))
    if content is not None:
        suite.manifest_file.write_text(content)
    with pytest.raises(FrozenDataError, match=r"^cannot read the manifest .*mini.manifest.json: .*restore it.*$"):
        _ = suite.manifest


@pytest.mark.parametrize("name", ["mini.toml", "mini/one.toml", "mini.manifest.json"])
def test_a_fifo_is_no_file_of_a_suite(mini, name):
    path = mini.parent / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(
        SpurgenError, match=rf"cannot read the (suite file|scenario file|manifest) {path}: it is a FIFO"
    ):
        _ = load_suite(str(mini)).manifest
