"""What samples show: a thing, whole and in the middle, before a wall; sentences that read as people write."""

import itertools
import re

import numpy as np
import pytest

from spurgen.generators import kernels
from spurgen.generators.things import topics
from spurgen.generators.things.nouns import THINGS, picture_atlas
from spurgen.generators.things.world import FORMS
from spurgen.generators.world import world_of

TURN = 1 << 32


def masks(ladder, size, part="test/hue", count=12, **fields):
    """Return where things are in scenes: the pixels that two hues of the wall leave as they are, bool (n, S, S)."""
    world = ladder(shortcuts={"hue": "image"}, image_size=size, **fields)
    n = 3 * world.twins_per_class
    one, other = (world_of(world).draw(part, range(n * v, n * v + count), ("image",)).images for v in (0, 1))
    return (one == other).all(axis=3)


def test_things_lie_whole_within_the_frame(ladder):
    things = masks(ladder, 64, count=300, test_per_class=100, twins_per_class=100, seed=11)
    edge = np.concatenate([things[:, 0], things[:, -1], things[:, :, 0], things[:, :, -1]], axis=1)
    assert not edge.any()


def test_things_that_drift_reach_the_edge(ladder):
    things = masks(ladder, 64, count=300, test_per_class=100, twins_per_class=100, drift=160)
    edges = [things[:, 0], things[:, -1], things[:, :, 0], things[:, :, -1]]
    assert all(0.02 < edge.any(axis=1).mean() < 0.5 for edge in edges)


def test_a_veil_of_the_walls_colour_covers_the_thing_too(ladder):
    """Twins whose wall is red and blue differ on the thing, by the veil's share of the difference between the walls."""
    fields = {"shortcuts": {"tone": "image"}, "image_size": 64, "categories": ("animal", "food")}
    world = ladder(**fields, veil=0.25, rungs=(0, 4))
    bare = ladder(**fields, rungs=(0, 4))
    veiled, plain = (
        [world_of(each).draw("test/tone", range(8 * v, 8 * v + 8), ("image",)).images.astype(int) for v in (0, 1)]
        for each in (world, bare)
    )
    thing = (plain[0] == plain[1]).all(axis=3)
    assert 0.1 < thing.mean() < 0.9
    wall = np.median((plain[0] - plain[1])[:, :3, :3].reshape(8, -1, 3), axis=1)
    found = [np.median((veiled[0] - veiled[1])[k][thing[k]], axis=0) for k in range(8)]
    np.testing.assert_allclose(found, wall / 4, atol=3)


def test_things_are_large_and_central(ladder):
    things = masks(ladder, 64, count=300, test_per_class=100, twins_per_class=100)
    n, row, column = np.nonzero(things)
    sizes = np.bincount(n)
    for at in (row, column):
        centres = np.bincount(n, at) / sizes / 63
        assert 0.2 < centres.min() < centres.max() < 0.8
        assert centres.mean() == pytest.approx(0.5, abs=0.02)
    assert sizes.min() > 0.04 * 64 * 64
    assert sizes.mean() > 0.15 * 64 * 64


@pytest.fixture
def stamps(monkeypatch):
    """The pictures that the kernel is given, one `StampStack` per call."""
    calls, render = [], kernels.render

    def record(out, wall, atlas, stack, stamps, *rest):
        render(out, wall, atlas, stack, stamps, *rest)
        calls.append(stamps)

    monkeypatch.setattr(kernels, "render", record)
    return calls


def test_half_of_the_pictures_are_mirrored_and_no_picture_is_sheared(ladder, stamps):
    world_of(ladder(train=1000)).draw("train", range(1000))
    _, _, ux, uy, vx, vy = (stamps[0].place / TURN).T
    turned = ux * vy - uy * vx
    assert np.mean(turned < 0) == pytest.approx(0.5, abs=0.05)
    np.testing.assert_allclose(ux * vx + uy * vy, 0, atol=1e-7)
    np.testing.assert_allclose(ux**2 + uy**2, vx**2 + vy**2, rtol=1e-6)


def test_pictures_are_turned_about_their_own_centre(ladder, stamps):
    """It lies within 4 % of the scene's side from the middle, mirrored or not."""
    world_of(ladder(train=1000, image_size=40)).draw("train", range(1000))
    u0, v0, ux, uy, vx, vy = (stamps[0].place / TURN).T
    turned = ux * vy - uy * vx
    x = (vy * (0.5 - u0) - uy * (0.5 - v0)) / turned
    y = (ux * (0.5 - v0) - vx * (0.5 - u0)) / turned
    for at in (x, y):
        assert abs((at + 0.5) / 40 - 0.5).max() < 0.041
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.2  # neither follows from the other


def test_a_scene_shows_the_picture_of_its_thing(ladder, stamps):
    world = ladder(named=1.0, categories=("tool", "animal"), rungs=(0, 4))
    drawn = world_of(world).draw("train", range(60))
    pictured = [thing for thing in THINGS if thing.pictured]
    for number, caption in zip(stamps[0].number.tolist(), drawn.captions, strict=True):
        noun = pictured[number].noun
        assert noun in caption or noun.capitalize() in caption
    assert len(picture_atlas()) == len(pictured)


def test_the_wall_is_grey_unless_its_hue_is_a_shortcut(ladder):
    plain = world_of(ladder(shortcuts={"mark": "image"})).draw("train", range(12)).images
    middle = plain[:, :3, 12:36].reshape(12, -1, 3).mean(axis=1)
    assert np.ptp(middle, axis=1).max() < 3
    assert np.ptp(middle) > 20


@pytest.mark.parametrize("size", [32, 65, 128])
def test_a_scene_is_the_same_at_every_size(ladder, size):
    """Averaged over eighths of its side, up to grain and edges."""
    large = world_of(ladder(image_size=256)).draw("train", range(6)).images.astype(float)
    small = world_of(ladder(image_size=size)).draw("train", range(6)).images.astype(float)

    def blocks(scenes):
        edges = np.linspace(0, scenes.shape[1], 9).astype(int)[:-1]
        rows = np.add.reduceat(scenes, edges, axis=1)
        sums = np.add.reduceat(rows, edges, axis=2)
        counts = np.diff([*edges, scenes.shape[1]])
        return sums / (counts[:, None] * counts)[..., None]

    assert abs(blocks(large) - blocks(small)).mean() < 4


SPOKEN = ("hue", "wall", "place")
MENTIONED = [names for k in range(1, 4) for names in itertools.combinations(SPOKEN, k)]


TOPICS = [names for k in range(1, 4) for names in itertools.combinations(topics.TOPICS, k)]


@pytest.mark.parametrize("names", TOPICS, ids="-".join)
@pytest.mark.parametrize("named", [1.0, 0.5])
def test_captions_of_topics_are_sentences_that_say_what_the_ladder_lists(ladder, names, named):
    world = ladder(shortcuts=dict.fromkeys(names, "caption"), named=named, train=600, variants=(30, 6))
    for caption in world_of(world).draw("train/free", range(600), ("caption",)).captions:
        assert re.fullmatch(r"[A-Z][^.!{}]*([.]|! [A-Z][^.!{}]*[.])", caption), caption
        assert not re.search(r"\s\s|\s[,.!]|,,|\b(a|an|the|my) (a|an|the|my)\b", caption, re.IGNORECASE), caption
        for name, unsaid in topics.UNSAID.items():
            assert (re.search(rf"\b{unsaid}\b", caption, re.IGNORECASE) is not None) == (name not in names), caption


def test_topics_say_nothing_of_the_things_and_every_value_has_as_many_expressions():
    nouns = {thing.noun.split()[-1].lower() for thing in THINGS} | {thing.name.lower() for thing in THINGS}
    every = [phrase for said in topics.TOPICS.values() for phrases in said.values() for phrase in phrases]
    assert {len(set(phrases)) for said in topics.TOPICS.values() for phrases in said.values()} == {topics.VARIANTS}
    assert len(set(every)) == len(every)
    assert {word for phrase in every for word in phrase.lower().split()} & nouns == set()


def captions(ladder, names, **fields):
    """Return captions that mention these shortcuts, of all values; none of them moves with the class."""
    texts = []
    for seed in range(6):
        sizes = {"train": 300, "categories": ("animal", "vehicle", "food", "clothing", "tool"), "rungs": (0, 5)}
        world = ladder(shortcuts=dict.fromkeys(names, "caption"), seed=seed, **sizes, **fields)
        texts += world_of(world).draw("train/free", range(300), ("caption",)).captions
    return texts


@pytest.mark.parametrize("names", MENTIONED, ids="-".join)
@pytest.mark.parametrize("named", [1.0, 0.5])
def test_captions_are_sentences_without_gaps(ladder, names, named):
    for caption in captions(ladder, names, named=named):
        assert re.fullmatch(r"[A-Z][^.!]*[^\s,.!][.!] It was a [a-z]+ [A-Z][a-z]+day\.", caption), caption
        assert not re.search(r"\s\s|\s[,.!]|,,|\{|\}|^\W", caption), caption
        assert re.search(r"\bwalls?\b", caption), caption
        assert not re.search(r"\b(a|an|the) (a|an|the)\b", caption), caption


@pytest.mark.parametrize("names", MENTIONED, ids="-".join)
def test_articles_fit_the_word_that_follows(ladder, names):
    """Spelling decides, except for the nouns that tests of things list."""
    for caption in captions(ladder, names):
        for article, word in re.findall(r"\b([Aa]n?) (\w+)", caption):
            vowel = word[0].lower() in "aeiou" or word == "SUV"
            assert (article.lower() == "an") == (vowel and not word.startswith("uni")), caption
    joined = " ".join(captions(ladder, names))
    assert ("an orange" in joined) == ("hue" in names)
    assert re.search(r"\b[Aa]n ant\b", joined)


def test_a_wall_without_hue_and_texture_is_a_wall(ladder):
    assert all(re.search(r"\ba wall\b", caption) for caption in captions(ladder, ("place",)))


def test_a_caption_mentions_no_place_unless_it_is_a_shortcut(ladder):
    joined = " ".join(captions(ladder, ("hue", "wall")))
    assert not re.search(r"\b(taken|near|at the|station|hospital|park)\b", joined)


@pytest.mark.parametrize("names", [("hue", "wall"), SPOKEN])
def test_forms_are_equally_frequent_and_name_a_place_only_if_it_is_a_shortcut(ladder, names):
    patterns = [
        re.escape(sentences["place" not in names]).replace(r"\{", "(?P<").replace(r"\}", ">.+)") for sentences in FORMS
    ]
    world = world_of(ladder(shortcuts=dict.fromkeys(names, "caption"), train=4000))
    firsts = [text.split(" It was a ")[0] for text in world.draw("train", range(4000), ("caption",)).captions]
    counts = [sum(re.fullmatch(form, text, re.IGNORECASE) is not None for text in firsts) for form in patterns]
    assert sum(counts) == 4000
    assert min(counts) > 400
    for k, form in enumerate(patterns):
        assert all(
            re.fullmatch(form, text, re.IGNORECASE) for text in world.draw("val", range(9), ("caption",), k).captions
        )


def test_the_share_of_captions_that_name_the_thing(ladder):
    captions = world_of(ladder(train=3000, named=0.5)).draw("train", range(3000), ("caption",)).captions
    assert np.mean(["something" in caption.lower() for caption in captions]) == pytest.approx(0.5, abs=0.03)
    unnamed = world_of(ladder(named=0.0)).draw("train", range(60), ("caption",)).captions
    assert all("something" in caption.lower() for caption in unnamed)
    assert not any(
        "something" in caption.lower() for caption in world_of(ladder()).draw("train", range(60), ("caption",)).captions
    )
