"""Real ladders: which samples a draw has, what is read from WordNet and from icon sets, and what is refused."""

import io
import json
import tarfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import real
from collecting import glosses, icons
from collecting.sources import known

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.world import load_scenario
from spurgen.generators.world import world_of
from spurgen.harness.own.pool import Attribute, Pool, Real, Sizes, collected, drawn

NOUNS = """\
  1 a licence
00000001 05 n 02 cat 0 true_cat 0 000 | a feline mammal of Asia; "the cat sat"
00000002 13 n 01 plum 0 000 | the fruit of a plum tree
00000003 06 n 01 cat 0 000 | a whip with nine knotted cords
00000004 15 n 01 Asia 0 000 | the largest continent with its many countries and more than half of all people alive
00000005 05 n 01 dog 0 000 | short words
"""


def samples(per_group: int = 40, classes: int = 2) -> Pool:
    """A pool with so many samples of each group, two of each thing."""
    k = np.arange(per_group * classes**2)
    kinds, looks = np.divmod(k // per_group, classes)
    attributes = {"kind": np.array([f"k{kind}" for kind in kinds]), "look": np.array([f"v{look}" for look in looks])}
    texts = np.array([f"sample {i}" for i in k])
    return Pool({"caption": texts}, np.array([f"thing {i // 2}" for i in k]), attributes,
                {"kind": "By kind.", "look": "By look."}, "Made here.")  # fmt: skip


def ladder(sizes: Sizes, classes: int = 2) -> Real:
    """A ladder over `samples`."""
    kinds, looks = (tuple(f"{letter}{k}" for k in range(classes)) for letter in ("k", "v"))
    return Real("small", Attribute("kind", kinds), Attribute("look", looks), sizes)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_draw_shows_in_test_only_things_that_train_and_val_lack(classes):
    pool, made = samples(classes=classes), ladder(Sizes(12, 6, 6, 6), classes)
    parts = drawn(pool, made, draws=3)
    labels, values = (made.numbers(pool, each) for each in (made.label, made.shortcut))
    for draw in range(3):
        rows = {part: of_draws[draw] for part, of_draws in parts.items()}
        fitted = {thing for part in rows if not part.startswith("test") for thing in pool.things[rows[part]]}
        assert not fitted & {thing for part in rows if part.startswith("test") for thing in pool.things[rows[part]]}
        for split in ("train", "val"):
            assert not {*rows[split], *rows[f"{split}/counter"]} & {*rows[f"{'val' if split == 'train' else 'train'}"]}
            assert (labels[rows[split]] == values[rows[split]]).all()
            assert (labels[rows[f"{split}/counter"]] != values[rows[f"{split}/counter"]]).all()
            groups = np.bincount(classes * labels[rows[f"{split}/free"]] + values[rows[f"{split}/free"]])
            assert (groups == groups[0]).all()
        assert not {*rows["train/free"]} & {*rows["val/free"]}
        assert {*labels[rows["train/counter"][:classes]]} == {*range(classes)}, "the first have all classes"
    assert (parts["train"][0] != parts["train"][1]).any()
    assert {part: rows.shape[1] for part, rows in parts.items() if "/free" not in part and "test" not in part} == {
        "train": 12, "val": 6, "train/counter": 6, "val/counter": 6,
    }  # fmt: skip


def test_a_group_with_too_few_samples_is_named():
    problem = r"small: of k0 with v0 a draw has \d+ samples for train and val, which need 50,"
    with pytest.raises(SpurgenError, match=problem):
        drawn(samples(), ladder(Sizes(80, 4, 20, 4)), draws=2)


def test_a_written_ladder_is_a_collection(tmp_path):
    table = tmp_path / "table.npz"
    (made,) = collected(samples(), "v9", (ladder(Sizes(12, 6, 6, 6)),), table)
    real.write_ladder(made, 0.8, tmp_path / "small.toml")
    found = load_scenario(tmp_path / "small.toml")
    assert (found.suite, found.worlds, found.rungs, found.ceiling) == ("v9", 10, (0, 2, 6), 0.8)
    assert "The label is *kind*. By kind." in found.about
    assert found.samples == len(np.load(table)["caption"])
    world = world_of(found.in_world(3))
    agree, mislead = (world.factors(part) for part in ("test/agree", "test/mislead"))
    assert (agree.labels == agree.channel_values["look"]).all()
    assert (mislead.labels != mislead.channel_values["look"]).all()


@pytest.fixture
def wordnet(tmp_path, monkeypatch):
    """WordNet with five nouns, of which the second sense of cat is the more frequent."""
    files = {"data.noun": NOUNS, "data.adj": "00000009 01 a 01 Malay 0 000 | from there\n",
             "index.noun": "cat n 2 0 2 1 00000003 00000001\nplum n 1 0 1 0 00000002\n"}  # fmt: skip
    monkeypatch.setattr(glosses, "WORDNET", tmp_path)
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        monkeypatch.setitem(glosses.SHA256, name, known_digest(tmp_path / name))
    return tmp_path


def known_digest(path: Path) -> str:
    """SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()


@pytest.mark.usefixtures("wordnet")
def test_definitions_have_a_topic_a_length_an_opening_and_a_place():
    pool = glosses.pool()
    assert pool.shown["caption"].tolist() == [
        "a feline mammal of Asia", "the fruit of a plum tree", "a whip with nine knotted cords",
        "the largest continent with its many countries and more than half of all people alive",
    ]  # fmt: skip
    found = {name: each.tolist() for name, each in pool.attributes.items()}
    assert found == {
        "topic": ["animal", "food", "artifact", "location"], "length": ["short", "short", "short", "long"],
        "opening": ["a", "the", "a", "the"], "geography": ["named", "none", "none", "none"],
    }  # fmt: skip


@pytest.mark.usefixtures("wordnet")
def test_a_word_has_its_most_frequent_definition_of_its_topic():
    assert glosses.definitions({"cat": {"animal", "artifact"}}) == {"cat": "a whip with nine knotted cords"}
    assert glosses.definitions({"cat": {"animal"}, "plum": {"animal"}}) == {"cat": "a feline mammal of Asia"}


def test_another_version_of_a_source_is_refused(wordnet):
    (wordnet / "data.adj").write_text("other\n", encoding="utf-8")
    with pytest.raises(SpurgenError, match=r"data.adj is of another version: expected SHA-256 \w+, found \w+"):
        glosses.pool()


@pytest.fixture
def icon_set(wordnet, monkeypatch):
    """An archive with icons of cats and plums, and names that do not count."""
    square = '<rect width="16" height="16" fill="currentColor"/>'
    names = ["cat", "cat-fill", "cat-2", "cat-3", "cat-food-bowl", "hot-dog", "plum-filled", "boat"]
    content = json.dumps({"icons": {name: {"body": square} for name in names}}).encode()
    archive = wordnet / "iconify-json-tiny-1.0.0.tgz"
    with tarfile.open(archive, "w:gz") as file:
        member = tarfile.TarInfo("package/icons.json")
        member.size = len(content)
        file.addfile(member, io.BytesIO(content))
    line = {"set": "tiny", "version": "1.0.0", "sha256": known_digest(archive), "style": "line", "word": "fill",
            "worded": "solid"}  # fmt: skip
    monkeypatch.setattr(icons, "read_sets", lambda: [line])
    monkeypatch.setattr(icons, "NOUNS", {"animal": "cat", "food": "plum"})
    return archive


def test_an_icon_counts_if_its_name_is_a_noun_and_words_of_style(icon_set):
    pool = icons.pool(icon_set.parent)
    assert [*zip(pool.attributes["kind"], pool.attributes["style"], strict=True)] == [
        ("animal", "line"), ("animal", "line"), ("animal", "solid"), ("food", "line"),
    ]  # fmt: skip
    assert pool.shown["caption"].tolist() == ["a feline mammal of Asia"] * 3 + ["the fruit of a plum tree"]
    image = pool.shown["image"][0]
    assert image.shape == (112, 112, 3)
    assert (image[0, 0].tolist(), image[56, 56].tolist()) == ([245, 245, 245], [32, 32, 32])


def test_another_version_of_a_set_is_refused(icon_set):
    icon_set.write_bytes(icon_set.read_bytes() + b"\0")
    with pytest.raises(SpurgenError, match=r"iconify-json-tiny-1.0.0.tgz is of another version"):
        icons.pool(icon_set.parent)


def test_a_digest_that_fits_gives_the_content(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    assert known(tmp_path / "file", known_digest(tmp_path / "file")) == b"content"
