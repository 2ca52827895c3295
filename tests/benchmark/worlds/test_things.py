"""The description of a ladder: its errors, its parts and their sizes, its worlds."""

from importlib.resources import files

import pytest
from pydantic import ValidationError

from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.things import Ladder

FROZEN = files("spurgen.benchmark").joinpath("suites", "v4", "tidy-text.toml")
FIELDS = {
    "suite": "t", "name": "l", "seed": 1, "categories": ("animal", "vehicle", "food"),
    "shortcuts": {"hue": "both", "light": "image", "place": "caption"},
}  # fmt: skip


def ladder(**fields):
    return Ladder.model_validate({**FIELDS, **fields})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"categories": ("animal", "food", "animal")}, "categories: each once, not animal, food, animal"),
        ({"rungs": (0, 8, 4)}, "rungs: in ascending order and each once, not [0, 8, 4]"),
        ({"rungs": (0, 8, 8)}, "rungs: in ascending order and each once, not [0, 8, 8]"),
        ({"rungs": (0, 601)}, "rungs: at most half of the 1200 train samples, not 601"),
        ({"rungs": (0, 2, 8)}, "rungs: 2 counterexamples leave one of 3 classes without any"),
        ({"rungs": (0, 8), "val": 31}, "val: 31 samples cannot hold 16 twice"),
        ({"moving": ("hue", "wall")}, "moving: wall is none of hue, light, place"),
        ({"hidden": ("wall",)}, "hidden: wall is no shortcut that moves"),
        ({"moving": ("hue",), "hidden": ("light",)}, "hidden: light is no shortcut that moves"),
        ({"moving": ("hue",), "hidden": ("hue",)}, "hidden: leave a shortcut that training is told of"),
        ({"things": (600, 400)}, "their thousandths must add up to less than 1000"),
        ({"twins_per_class": 101}, "twins_per_class: at most the 100 of test, not 101"),
        ({"categories": ("animal",)}, "at least 2 items"),
        ({"shortcuts": {}}, "at least 1 item"),
        ({"shortcuts": {"hue": "sound"}}, "'image', 'caption' or 'both'"),
        ({"rungs": ()}, "at least 1 item"),
        ({"image_size": 31}, "greater than or equal to 32"),
        ({"label_noise": 1.0}, "less than 1"),
        ({"named": 1.5}, "less than or equal to 1"),
        ({"shown": -0.1}, "greater than or equal to 0"),
        ({"bare": 1.0}, "less than 1"),
        ({"variants": (0, 3)}, "greater than or equal to 1"),
        ({"variants": (3, -1)}, "greater than or equal to 0"),
        ({"drift": 251}, "less than or equal to 250"),
        ({"veil": 0.6}, "less than or equal to 0.5"),
        ({"proportions": (1, 2)}, "proportions: one for each of 3 categories, not 2"),
        ({"proportions": (1, 2, 0)}, "greater than or equal to 1"),
        ({"proportions": (3, 3, 1)}, "train: a multiple of 7, the sum of proportions, not 1200"),
        ({"proportions": (3, 3, 2), "val": 301}, "val: a multiple of 8, the sum of proportions, not 301"),
        ({"ceiling": 0.0}, "greater than 0"),
        ({"ceiling": 1.01}, "less than or equal to 1"),
        ({"sizes": 3}, "Extra inputs are not permitted"),
    ],
)
def test_an_impossible_ladder_is_refused_with_its_reason(fields, message):
    with pytest.raises(ValidationError) as caught:
        ladder(**fields)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "fields", [{"rungs": (0, 600), "val": 300}, {"rungs": (3,)}, {"rungs": (0,)}, {"twins_per_class": 100}]
)
def test_the_limits_themselves_are_allowed(fields):
    assert ladder(**fields)


def test_all_shortcuts_move_unless_some_are_named_and_two_values_of_each_go_with_no_class():
    assert ladder().num_values == ladder().num_classes + 2 == 5
    assert ladder().active == ("hue", "light", "place")
    assert ladder(moving=("place", "hue")).active == ("hue", "place")


def test_a_modality_shows_its_own_shortcuts():
    shown = {"image": ("hue", "light"), "text": ("hue", "place"), "multimodal": ("hue", "light", "place")}
    assert {modality: ladder().channels_in(modality) for modality in shown} == shown


def test_val_has_a_quarter_of_the_counterexamples_and_at_least_16():
    assert [ladder().val_counterexamples(m) for m in (0, 3, 64, 128)] == [0, 16, 16, 32]


def test_classes_come_in_proportion_and_the_last_ones_are_one_of_each():
    assert ladder().class_order == (0, 1, 2)
    assert ladder(proportions=(1, 4, 3), train=800, val=160).class_order == (1, 1, 2, 1, 2, 0, 1, 2)


def test_a_small_copy_keeps_the_proportions():
    small = ladder(proportions=(4, 4, 1), train=900, val=180).shrunk(30)
    assert (small.train, small.val, small.proportions) == (198, 63, (4, 4, 1))


def test_users_of_the_data_are_told_of_every_dial():
    assert "Classes" not in ladder().facts().biases
    assert "counterexamples" not in ladder().facts().biases
    said = ladder(shown=0.9, bare=0.05, proportions=(2, 1, 1), label_noise=0.005).facts()
    assert "5% show none of them" in said.biases
    assert "each is shown with probability 0.9" in said.biases
    assert "Classes are as frequent as 2 : 1 : 1." in said.biases
    assert "0.5% of the labels are wrong" in said.noise


def test_parts_and_their_sizes():
    assert ladder(moving=("hue", "light")).parts == {
        "train": 1200, "train/counter": 128, "train/free": 1200, "val": 300, "val/counter": 32, "calibration": 120,
        "test/agree": 300, "test/mislead": 300, "test/neutral": 300, "test/thing": 90, "test/free": 90,
        "test/hue": 450, "test/light": 450, "seen/agree": 150, "seen/mislead": 150, "seen/neutral": 150,
    }  # fmt: skip
    assert not {"train/counter", "val/counter"} & ladder(rungs=(0,)).parts.keys()


def test_worlds_of_a_template_have_their_own_names_and_seeds():
    worlds = [ladder(worlds=2).in_world(k) for k in range(3)]  # the third is not frozen; methods are tuned on it
    assert [world.name for world in worlds] == ["l-w0", "l-w1", "l-w2"]
    assert len({world.seed for world in worlds}) == 3
    assert {world.worlds for world in worlds} == {1}
    assert worlds[0].seed == 13019206839621167935
    assert ladder().in_world(3) == ladder()  # it has one world


def test_the_digest_depends_on_every_field_and_on_nothing_else():
    changed = {"rungs": (0, 8), "seed": 2, "named": 0.5, "categories": ("vehicle", "animal", "food")}
    digests = {ladder(**{name: value}).digest for name, value in changed.items()} | {ladder().digest}
    assert len(digests) == 5
    assert Ladder.model_validate_json(ladder().model_dump_json()).digest == ladder().digest


def test_dials_that_are_not_turned_leave_the_digest_of_ladders_that_were_frozen_without_them():
    assert load_scenario(FROZEN).digest == "f9fa5dbcb04a52e075322d7b14925932ceeee6402ea7a843213ca74b3e71dcd4"
    turned = {
        "shown": 0.9,
        "bare": 0.1,
        "variants": (2, 1),
        "proportions": (2, 1, 1),
        "without": ("fox",),
        "drift": 90,
        "veil": 0.1,
    }
    digests = {ladder(**{name: value}).digest for name, value in turned.items()} | {ladder().digest}
    assert len(digests) == 8


def test_a_ceiling_is_measured_on_frozen_data_so_it_changes_no_digest():
    bare, measured = ladder(), ladder(ceiling=0.94)
    assert (bare.ceiling, measured.in_world(0).ceiling) == (None, 0.94)
    assert bare.digest == measured.digest != ladder(train=1000).digest


def test_ladders_of_one_scenario_have_ceilings_of_their_own(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "n.toml").write_text(
        'suite = "s"\nname = "n"\nseed = 1\ncategories = ["animal", "food"]\nceiling = 0.9\n[shortcuts]\nhue = "both"\n'
    )
    (tmp_path / "s.toml").write_text(
        '[ladders]\na = { scenario = "n", modality = "image" }\n'
        'b = { scenario = "n", modality = "text", ceiling = 0.8 }\n'
    )
    tasks = load_suite(str(tmp_path / "s.toml")).tasks
    assert {name: task.scenario.ceiling for name, task in tasks.items() if name.endswith("-8")} == {
        "a-8": 0.9,
        "b-8": 0.8,
    }


def test_what_training_is_told_of_comes_before_what_is_hidden():
    assert ladder(hidden=("hue",)).channels_in("multimodal") == ("light", "place", "hue")
    assert ladder(hidden=("hue",)).parts["val/hidden"] == ladder().parts["val/counter"]
    assert "train/hidden" not in ladder().parts


def test_a_tier_without_groups_on_val_gets_neither_kind_of_its_counterexamples():
    assert ladder().biased_rows("val", 128) == slice(0, 300 - 32)
    assert ladder(hidden=("hue",)).biased_rows("val", 128) == slice(32, 300 - 32)
    assert ladder(hidden=("hue",)).biased_rows("train", 128) == slice(0, 1200)
