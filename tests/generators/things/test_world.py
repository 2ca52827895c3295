"""The design of a ladder's parts: which thing, which values, which label a sample has; and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators.things import shortcuts, topics
from spurgen.generators.things.nouns import THINGS
from spurgen.generators.things.shortcuts import HUES, SHORTCUTS, WALLS
from spurgen.generators.things.world import _drawn as draw_part
from spurgen.generators.things.world import check
from spurgen.generators.world import NOTHING, world_of

CLASSES = 3
BIG = {"train": 6000, "val": 1500, "rungs": (0, 48, 3000), "test_per_class": 1000, "twins_per_class": 300}


def factors(ladder, part, count=None):
    """Return the factors of a part's first samples."""
    return draw_part(world_of(ladder), part, np.arange(ladder.parts[part])[:count])[2]


def make(ladder, part, indices):
    return world_of(ladder).draw(part, indices)


def assert_equal(left, right):
    np.testing.assert_array_equal(left.images, right.images)
    assert left.captions == right.captions
    for name in ("labels", "env_ids", "group_ids"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    assert left.channel_values.keys() == right.channel_values.keys()
    for name, column in left.channel_values.items():
        np.testing.assert_array_equal(column, right.channel_values[name])


@settings(max_examples=30, deadline=None)
@given(
    data=st.data(), seed=st.integers(0, 2**32), noise=st.sampled_from([0.0, 0.3]), named=st.sampled_from([1.0, 0.5]),
    dials=st.sampled_from([{}, {"shown": 0.7, "bare": 0.2, "proportions": (1, 1, 2)}, "topics", "looks"])
)  # fmt: skip
def test_any_sample_alone_equals_itself_in_any_batch(ladder, data, seed, noise, named, dials):
    if isinstance(dials, str):
        dials = {"topics": TOPICAL, "looks": LOOKS}[dials] | {
            "variants": (26, 10),
            "shown": 0.7,
            "veil": 0.2,
            "drift": 150,
        }
    world = ladder(seed=seed, label_noise=noise, named=named, **dials)
    part = data.draw(st.sampled_from(sorted(world.parts)))
    indices = data.draw(st.lists(st.integers(0, world.parts[part] - 1), min_size=1, max_size=12))
    batch = make(world, part, indices)
    at = data.draw(st.integers(0, len(indices) - 1))
    assert_equal(make(world, part, [indices[at]]), batch.take(slice(at, at + 1)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), classes=st.integers(2, 5), extra=st.integers(0, 20), train=st.integers(60, 90))
def test_every_group_of_every_rung_above_0_has_a_sample(ladder, seed, classes, extra, train):
    categories = ("animal", "vehicle", "food", "tool", "clothing")[:classes]
    rungs = (0, classes, classes + extra + 1)
    world = ladder(seed=seed, categories=categories, rungs=rungs, train=train, val=44)
    for split, size, counts in (
        ("train", world.train, rungs[1:]),
        ("val", world.val, [world.val_counterexamples(m) for m in rungs[1:]]),
    ):
        for m in counts:
            agreeing = world_of(world).draw(split, range(size - m), NOTHING).group_ids
            counter = world_of(world).draw(f"{split}/counter", range(m), NOTHING).group_ids
            assert {*agreeing.tolist(), *counter.tolist()} == set(range(2 * classes))


@pytest.mark.parametrize("split", ["train", "val"])
def test_rungs_are_nested_and_a_counterexample_replaces_the_agreeing_sample_with_its_thing(ladder, split):
    """The parts are the same on every rung, so a lower rung takes fewer of the same counterexamples."""
    world = ladder()
    size, m = world.parts[split], world.parts[f"{split}/counter"]
    small, big = ladder(rungs=(0, 4)), ladder(rungs=(0, 4, 16))
    assert_equal(make(small, "train/counter", range(4)), make(big, "train/counter", range(4)))
    counter, agreeing = factors(world, f"{split}/counter"), factors(world, split)
    replaced = size - 1 - np.arange(m)
    np.testing.assert_array_equal(counter.labels, agreeing.labels[replaced])
    np.testing.assert_array_equal(counter.things, agreeing.things[replaced])
    assert counter.counter.all()
    assert not agreeing.counter.any()


def test_a_counterexample_differs_from_the_agreeing_sample_only_in_what_its_shortcuts_show(ladder):
    """With both shortcuts on the caption's wall, all other words are equal: noun, form of the sentence."""
    world = ladder(shortcuts={"hue": "both", "wall": "both"})
    counter = make(world, "train/counter", range(16))
    agreeing = make(world, "train", world.train - 1 - np.arange(16))
    for ours, theirs in zip(counter.captions, agreeing.captions, strict=True):
        assert ours != theirs
        assert without_wall(ours) == without_wall(theirs)


def without_wall(caption):
    """Cut the words for hue and texture, and the article before them, out of a caption."""
    for wall in sorted(WALLS.values(), key=len, reverse=True):
        for hue in HUES:
            for article in ("a ", "an "):
                caption = caption.replace(f"{article}{hue} {wall}", "#")
    assert "#" in caption
    return caption


@pytest.mark.parametrize("split", ["test", "seen"])
def test_agreeing_misleading_and_neutral_samples_share_thing_and_nuisances(ladder, split):
    world = ladder()
    agree, mislead, neutral = (factors(world, f"{split}/{state}") for state in ("agree", "mislead", "neutral"))
    for other in (mislead, neutral):
        np.testing.assert_array_equal(agree.things, other.things)
        np.testing.assert_array_equal(agree.labels, other.labels)
    for name in world.shortcuts:
        np.testing.assert_array_equal(agree.values[name], agree.labels)
        assert (neutral.values[name] >= CLASSES).all()
        assert (neutral.values[name] < CLASSES + 2).all()
        assert (mislead.values[name] != mislead.labels).all()
        np.testing.assert_array_equal(mislead.values[name], mislead.values["hue"])
    # What the shortcuts do not touch is the same: with none in a caption, so is the caption.
    bare = ladder(shortcuts={"light": "image"})
    captions = {tuple(make(bare, f"{split}/{state}", range(9)).captions) for state in ("agree", "mislead", "neutral")}
    assert len(captions) == 1


@pytest.mark.parametrize("part", ["train/counter", "val/counter", "test/mislead"])
def test_every_moving_shortcut_of_a_counterexample_votes_for_the_same_rival(ladder, part):
    drawn = factors(ladder(moving=("hue", "mark")), part)
    assert (drawn.values["hue"] != drawn.labels).all()
    assert (drawn.values["hue"] < CLASSES).all()
    np.testing.assert_array_equal(drawn.values["hue"], drawn.values["mark"])
    assert (drawn.values["light"] != drawn.values["hue"]).any()


@pytest.mark.parametrize("part", ["train/counter", "test/mislead"])
def test_rivals_are_uniform(ladder, part):
    drawn = factors(ladder(**BIG), part)
    ahead = (drawn.values["hue"] - drawn.labels) % CLASSES
    assert np.bincount(ahead, minlength=CLASSES)[1:] == pytest.approx(len(ahead) / 2, rel=0.08)


def test_neutral_values_and_free_ones_are_uniform_and_independent(ladder):
    big = ladder(**BIG)
    neutral, free = factors(big, "test/neutral"), factors(big, "train/free")
    pairs = 2 * (neutral.values["hue"] - CLASSES) + neutral.values["wall"] - CLASSES
    assert np.bincount(pairs) == pytest.approx(len(pairs) / 4, rel=0.15)
    assert np.bincount(5 * free.values["hue"] + free.values["wall"]) == pytest.approx(6000 / 25, rel=0.3)


def test_shortcuts_that_do_not_move_vary_at_random_everywhere(ladder):
    big = ladder(**BIG, moving=("hue",))
    for part in ("train", "train/counter", "test/agree", "test/mislead", "test/neutral"):
        drawn = factors(big, part)
        joint = np.bincount(5 * drawn.labels + drawn.values["light"], minlength=15)
        assert joint == pytest.approx(len(drawn.labels) / 15, rel=0.3), part
    np.testing.assert_array_equal(
        factors(big, "test/agree").values["light"], factors(big, "test/mislead").values["light"]
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), shares=st.sampled_from([(600, 150), (500, 300), (100, 100)]))
def test_train_val_and_test_show_different_things_and_all_of_them(ladder, seed, shares):
    pools = world_of(ladder(seed=seed, things=shares)).pools
    everything = [thing for members in pools.values() for part in members for thing in part.tolist()]
    assert len(everything) == len(set(everything))
    of_categories = [k for k, t in enumerate(THINGS) if t.category in ("animal", "vehicle", "food") and t.pictured]
    assert sorted(everything) == of_categories
    total = len([k for k in of_categories if THINGS[k].category == "animal"])
    assert [len(pools[pool][0]) / total for pool in ("train", "val")] == pytest.approx(
        [share / 1000 for share in shares], abs=0.02
    )


@pytest.mark.parametrize(
    ("part", "pool"),
    [
        ("train", "train"),
        ("train/counter", "train"),
        ("train/free", "train"),
        ("val", "val"),
        ("val/counter", "val"),
        ("calibration", "val"),
        ("test/agree", "test"),
        ("test/thing", "test"),
        ("test/hue", "test"),
        ("test/free", "test"),
        ("seen/mislead", "train"),
    ],
)
def test_a_part_shows_things_of_its_class_and_of_its_pool(ladder, part, pool):
    world, drawn = ladder(), factors(ladder(), part)
    pools = world_of(world).pools[pool]
    for label, thing in zip(drawn.labels.tolist(), drawn.things.tolist(), strict=True):
        assert thing in pools[label]
        assert THINGS[thing].category == world.categories[label]


def test_things_without_a_picture_are_shown_by_captions_alone(ladder):
    fields = {"categories": ("clothing", "tool"), "shortcuts": {"place": "caption"}}
    shown = world_of(ladder(**fields)).draw("train", range(60), ("caption",))
    pools = world_of(ladder(**fields)).pools
    assert any(not THINGS[k].pictured for k in pools["train"][0])
    assert len(set(shown.captions)) > 30
    pictured = world_of(ladder(**{**fields, "shortcuts": {"hue": "image"}})).pools
    assert all(THINGS[k].pictured for members in pictured.values() for part in members for k in part)


@pytest.mark.parametrize("name", ["hue", "wall", "light", "mark", "place"])
def test_a_twin_of_a_shortcut_changes_that_shortcut_alone(ladder, name):
    world = ladder()
    twins, base = factors(world, f"test/{name}"), factors(world, "test/agree", 12)
    assert len(twins.labels) == 12 * 5
    np.testing.assert_array_equal(twins.values[name], np.repeat(np.arange(5), 12))
    for kept in ("labels", "things", "env_ids"):
        np.testing.assert_array_equal(getattr(twins, kept), np.tile(getattr(base, kept), 5))
    for other in world.shortcuts.keys() - {name}:
        np.testing.assert_array_equal(twins.values[other], np.tile(base.values[other], 5))


@pytest.mark.parametrize("name", ["hue", "wall", "light", "mark", "place"])
def test_the_twin_with_the_value_that_agrees_is_the_agreeing_sample(ladder, name):
    world = ladder()
    base = make(world, "test/agree", range(12))
    agreeing = make(world, f"test/{name}", 12 * base.labels + np.arange(12))
    assert_equal(base, agreeing)


def test_a_thing_twin_has_a_thing_of_another_class_before_the_same_wall(ladder):
    world = ladder()
    twins, base = factors(world, "test/thing"), factors(world, "test/agree", 12)
    assert (twins.labels != base.labels).all()
    assert twins.counter.all()  # their shortcuts go with the class before
    for name in world.shortcuts:
        np.testing.assert_array_equal(twins.values[name], base.labels)
    exchanged = (factors(ladder(**BIG), "test/thing").labels - factors(ladder(**BIG), "test/agree", 900).labels) % 3
    assert np.bincount(exchanged)[1:] == pytest.approx(450, rel=0.12)


@pytest.mark.parametrize("categories", [("animal", "food"), ("animal", "vehicle", "food")])
def test_shortcuts_mislead_in_half_of_each_class_of_calibration(ladder, categories):
    drawn = factors(ladder(categories=categories), "calibration")
    assert np.bincount(2 * drawn.labels + drawn.counter).tolist() == [5] * 2 * len(categories)
    assert ((drawn.values["hue"] != drawn.labels) == drawn.counter).all()
    assert (drawn.env_ids == -1).all()


def test_groups_are_class_and_whether_shortcuts_mislead(ladder):
    for part, offset in (("train", 0), ("train/counter", 1), ("test/mislead", 1), ("test/thing", 1)):
        made = world_of(ladder()).draw(part, range(9), NOTHING)
        np.testing.assert_array_equal(made.group_ids, 2 * made.labels + offset)


def test_label_noise_changes_that_share_of_train_labels_and_nothing_else(ladder):
    noisy, clean = ladder(**BIG, label_noise=0.1), ladder(**BIG)
    for part in ("train", "train/counter", "train/free"):
        left, right = factors(noisy, part), factors(clean, part)
        changed = left.labels != right.labels
        assert changed.mean() == pytest.approx(0.1, abs=0.02)
        np.testing.assert_array_equal(left.things, right.things)
        np.testing.assert_array_equal(left.values["hue"], right.values["hue"])
        wrong = (left.labels - right.labels)[changed] % CLASSES
        assert np.bincount(wrong)[1:] == pytest.approx(changed.sum() / 2, rel=0.2)
    for part in ("val", "calibration", "test/agree"):
        np.testing.assert_array_equal(factors(noisy, part).labels, factors(clean, part).labels)


@pytest.mark.parametrize("part", ["train", "train/counter"])
def test_where_a_label_is_wrong_its_group_says_whether_shortcuts_go_with_the_wrong_label(ladder, part):
    made = world_of(ladder(**BIG, label_noise=0.3)).draw(part, range(48), NOTHING)
    assert (made.group_ids % 2 == 0).any()
    assert (made.group_ids % 2 == 1).any()
    np.testing.assert_array_equal(made.group_ids, 2 * made.labels + (made.channel_values["hue"] != made.labels))
    free = world_of(ladder(**BIG, label_noise=0.3)).draw("train/free", range(48), NOTHING)
    np.testing.assert_array_equal(free.group_ids, 2 * free.labels)


UNTIDY = {"shown": 0.8, "bare": 0.1}


def test_what_most_samples_do_not_show_goes_with_no_class(ladder):
    untidy, tidy = factors(ladder(**BIG, **UNTIDY), "train"), factors(ladder(**BIG), "train")
    missing = np.stack([values >= CLASSES for values in untidy.values.values()])
    bare = missing.all(axis=0)
    assert bare.mean() == pytest.approx(0.1, abs=0.02)
    for name, gone in zip(untidy.values, missing, strict=True):
        assert gone[~bare].mean() == pytest.approx(0.2, abs=0.02)
        np.testing.assert_array_equal(untidy.values[name][~gone], tidy.values[name][~gone])
        assert set(untidy.values[name][gone]) == {CLASSES, CLASSES + 1}
    assert abs(np.corrcoef(missing[:, ~bare])[~np.eye(len(missing), dtype=bool)]).max() < 0.06
    np.testing.assert_array_equal(untidy.things, tidy.things)


@pytest.mark.parametrize(
    "part", ["train/counter", "train/free", "val/counter", "calibration", "test/agree", "test/hue"]
)
def test_only_samples_of_train_and_val_that_are_no_counterexamples_leave_shortcuts_out(ladder, part):
    assert_equal(make(ladder(**UNTIDY), part, range(10)), make(ladder(), part, range(10)))


def test_training_is_told_the_class_that_shown_shortcuts_go_with_or_that_there_is_none(ladder):
    world = world_of(ladder(**BIG, shown=0.3, label_noise=0.2))
    made = world.rows("train", 48, range(6000), NOTHING)
    told = world.labeled("multimodal", "train", made).channel_values["shortcuts"]
    values = np.stack([*made.channel_values.values()])
    shown = values < CLASSES
    bare = ~shown.any(axis=0)
    assert bare.mean() == pytest.approx(0.7**5, abs=0.02)
    assert (told[bare] == CLASSES).all()
    assert ((values == told) | ~shown)[:, ~bare].all()
    np.testing.assert_array_equal(made.group_ids, 2 * made.labels + (~bare & (told != made.labels)))


def test_classes_of_train_and_val_and_of_their_counterexamples_are_in_proportion(ladder):
    world = ladder(proportions=(3, 2, 1), train=600, val=300, rungs=(0, 3, 60))
    for part, count in (("train", 600), ("train/counter", 60), ("train/free", 600), ("val", 300)):
        assert np.bincount(factors(world, part).labels).tolist() == [count // 2, count // 3, count // 6]
    assert sorted(factors(world, "train/counter", 3).labels) == [0, 1, 2]
    assert np.ptp(np.bincount(factors(world, "test/agree").labels)) == 0
    counter, agreeing = factors(world, "train/counter"), factors(world, "train")
    np.testing.assert_array_equal(counter.things, agreeing.things[599 - np.arange(60)])
    lone = counter.env_ids == 0
    assert lone.sum() == 15
    assert np.bincount(counter.labels[lone], minlength=3).min() > 0
    assert len(np.unique(2 * agreeing.labels + agreeing.env_ids)) == 6


LOOKS = {"shortcuts": dict.fromkeys(("tone", "texture", "badge"), "image"), "variants": (26, 10)}
TOPICAL = {"shortcuts": dict.fromkeys(topics.TOPICS, "caption")}


def test_parts_that_training_does_not_show_have_looks_of_their_own(ladder):
    world = ladder(**TOPICAL, variants=(5, 3), train=3000, test_per_class=200, seen_per_class=200)
    made = world_of(world)
    for name in topics.TOPICS:
        kind, (here, there) = SHORTCUTS[name], made.looks[name]
        assert (here.shape, there.shape) == ((5, 5), (5, 3))
        assert not set(here.ravel()) & set(there.ravel())
        for value, row in enumerate(made.meanings[name]):
            assert set(np.concatenate([here[value], there[value]]) // kind.variants) == {row}
        for part, looks in {
            "train": here,
            "val": here,
            "test/agree": there,
            "seen/neutral": there,
            "calibration": there,
        }.items():
            count = world.parts[part]
            texts = made.draw(part, range(count), ("caption",)).captions
            drawn = factors(world, part).values[name]
            said = [{kind.phrases[k] for k in looks[value]} for value in drawn]
            found = [
                {p for p in phrases if p.lower() in text.lower()} for phrases, text in zip(said, texts, strict=True)
            ]
            assert all(found)
        counts = np.bincount(made.look("train", name, np.arange(3000), np.zeros(3000, int)))
        assert counts[here[0]] == pytest.approx(600, rel=0.15)


def test_things_that_are_left_out_are_never_shown(ladder):
    names = {THINGS[k].name for part in ladder().parts for k in factors(ladder(), part).things}
    gone = tuple(sorted(names))[::2]
    left = {THINGS[k].name for part in ladder().parts for k in factors(ladder(without=gone), part).things}
    assert not left & set(gone)
    assert left & names


def test_descriptions_that_differ_in_the_order_of_shortcuts_are_two(ladder):
    one = ladder(shortcuts={"hue": "both", "wall": "both"})
    other = ladder(shortcuts={"wall": "both", "hue": "both"})
    assert one == ladder(shortcuts={"hue": "both", "wall": "both"})
    assert one != other
    assert world_of(one).ladder.active != world_of(other).ladder.active


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("m", [4, 16])
def test_environments_hold_a_quarter_and_three_quarters_of_the_counterexamples(ladder, split, m):
    world = ladder()
    counter = factors(world, f"{split}/counter", m).env_ids
    assert np.bincount(counter).tolist() == [m // 4, 3 * m // 4]
    agreeing = factors(world, split, 60 if split == "train" else 36)
    assert np.bincount(agreeing.env_ids).tolist() == [len(agreeing.env_ids) // 2] * 2
    assert len(np.unique(2 * agreeing.labels + agreeing.env_ids)) == 6


def test_hidden_shortcuts_mislead_alone_in_counterexamples_of_their_own(ladder):
    world, told = ladder(hidden=("place", "wall")), ladder()
    for split in ("train", "val"):
        hidden, counter = (factors(world, f"{split}/{state}") for state in ("hidden", "counter"))
        for name in world.active:
            secret, known = (np.unique(made.values[name] != made.labels).tolist() for made in (hidden, counter))
            assert (secret, known) == (([True], [False]) if name in world.hidden else ([False], [True]))
        assert not hidden.counter.any()
        assert counter.counter.all()
        assert (hidden.things == factors(world, split, len(hidden.things)).things).all()
        np.testing.assert_array_equal(counter.values["hue"], factors(told, f"{split}/counter").values["hue"])
    mislead = factors(world, "test/mislead")
    assert all((mislead.values[name] != mislead.labels).all() for name in world.active)
    assert all((factors(world, "train").values[name] == factors(world, "train").labels).all() for name in world.active)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"categories": ("animal", "plant")}, "there are no things of category 'plant'; choose from animal, clothing"),
        ({"shortcuts": {"smell": "image"}}, "unknown shortcut 'smell'; choose from hue, wall, light, mark, place"),
        ({"shortcuts": {"light": "caption"}}, "shortcut light cannot be shown in the caption"),
        ({"shortcuts": {"mark": "both"}}, "shortcut mark cannot be shown in the caption"),
        ({"shortcuts": {"place": "image"}}, "shortcut place cannot be shown in the image"),
        ({"things": (1, 1)}, "things leaves none of category animal for train; change the shares"),
        ({"things": (600, 1)}, "things leaves none of category animal for val; change the shares"),
        ({"without": ("unicorn", "fox", "yeti")}, "without: unicorn, yeti is no thing"),
        ({"variants": (2, 0)}, "hue has 1 looks of each value, and variants needs 2"),
        ({**TOPICAL, "variants": (30, 7)}, "venue has 36 looks of each value, and variants needs 37"),
        ({"shortcuts": {"venue": "caption", "hue": "both"}}, "no caption has both topics (venue, event, company) and"),
        ({"worlds": 3}, "scenario l is a template of 3 worlds; take one, such as .in_world(0)"),
    ],
)
def test_a_ladder_that_cannot_be_drawn_is_refused_with_its_reason(ladder, fields, message):
    with pytest.raises(ScenarioError) as caught:
        world_of(ladder(**fields)).draw("train", [0])
    assert message in str(caught.value)


def test_a_shortcut_needs_enough_values_for_all_classes(ladder, monkeypatch):
    few = shortcuts.SHORTCUTS["hue"]._replace(values=("red", "blue", "green", "pink"))
    monkeypatch.setitem(shortcuts.SHORTCUTS, "hue", few)
    with pytest.raises(
        ScenarioError, match=r"hue has 4 values, but 3 classes need 5: one each, and two that go with none"
    ):
        check(ladder())


@pytest.mark.parametrize(
    ("part", "indices", "message"),
    [
        ("test", [0], r"unknown part 'test'; choose one of train, train/counter"),
        ("test/word", [0], r"unknown part 'test/word'"),
        ("train", [-1], r"negative sample index -1; indices start at 0"),
        ("train", [60], r"train has 60 samples, but none with index 60"),
        ("val/counter", [16], r"val/counter has 16 samples, but none with index 16"),
        ("test/hue", [60], r"test/hue has 60 samples, but none with index 60"),
    ],
)
def test_a_part_or_an_index_that_does_not_exist_is_refused(ladder, part, indices, message):
    with pytest.raises(ScenarioError, match=message):
        world_of(ladder()).draw(part, indices)


def test_a_ladder_of_captions_has_no_images(ladder):
    text = ladder(shortcuts={"place": "caption"})
    assert [*world_of(text).draw("train", [0]).inputs.given] == ["captions"]


def test_no_samples_of_a_part_are_no_samples(ladder):
    none = world_of(ladder()).draw("train", [])
    assert none.images.shape == (0, 48, 48, 3)
    assert none.captions == []


def test_worlds_of_a_template_share_nothing(ladder):
    template = ladder(worlds=2)
    first, second = (world_of(template.in_world(k)).draw("train", range(12)) for k in range(2))
    assert not (first.images == second.images).all(axis=(1, 2, 3)).any()
    assert not set(first.captions) & set(second.captions)
    assert isinstance(template.in_world(0), Ladder)
