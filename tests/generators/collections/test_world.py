"""Collections that a suite has: draws of all parts, a file that several share, and each sample encoded once."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.errors import FrozenDataError, ScenarioError
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.collections import CREDIT, EVERY, Collection
from spurgen.generators.world import world_of
from spurgen.harness.running import features

WORDS = np.array([f"word {k}" for k in range(40)])
LABELS = {"odd": np.arange(40) % 2, "high": np.arange(40) // 20}
ROWS = {
    "train": np.stack([np.arange(8), np.arange(8, 16)]), "train/counter": np.stack([np.arange(8, 12), np.arange(4)]),
    "train/free": np.arange(6), "val": np.arange(20, 24), "val/counter": np.arange(24, 26),
    "val/free": np.arange(26, 28), "test/agree": np.arange(30, 34), "test/mislead": np.arange(34, 37),
}  # fmt: skip


@pytest.fixture
def ladders(tmp_path: Path) -> dict[str, Collection]:
    """Two ladders in one file: in each the label of the other is the shortcut."""
    arrays = {"caption": WORDS, "goes": np.eye(2, dtype=bool), "value_names": np.array(["no", "yes"])}
    names = list(LABELS)
    for label, shortcut in (names, names[::-1]):
        arrays |= {
            f"{label}/labels": LABELS[label].astype(np.int8),
            f"{label}/values": LABELS[shortcut].astype(np.int8),
        }
        arrays |= {f"{label}/rows/{part}": rows.astype(np.int32) for part, rows in ROWS.items()}
    table = tmp_path / "words.npz"
    np.savez(table, **arrays)
    digest = sha256(table.read_bytes()).hexdigest()
    return {
        name: Collection(
            suite="words", name=name, seed=0, table=table, sha256=digest, within=f"{name}/", classes=("no", "yes"),
            averaged=2, shortcut="other", shown=("caption",), rungs=(0, 2, 4), worlds=2, samples=len(WORDS),
            sizes={part: rows.shape[-1] for part, rows in ROWS.items()}, environments=True,
        )
        for name in names
    }  # fmt: skip


def test_ladders_in_one_file_have_their_own_labels(ladders):
    for name, shortcut in (("odd", "high"), ("high", "odd")):
        samples = world_of(ladders[name].in_world(0)).draw("test/agree", range(4))
        assert samples.labels.tolist() == LABELS[name][30:34].tolist()
        assert samples.channel_values["other"].tolist() == LABELS[shortcut][30:34].tolist()
        assert samples.captions == WORDS[30:34].tolist()


def test_draws_may_differ_in_every_part(ladders):
    first, second = (world_of(ladders["odd"].in_world(k)) for k in range(2))
    assert first.draw("train", range(8)).captions == WORDS[:8].tolist()
    assert second.draw("train", range(8)).captions == WORDS[8:16].tolist()
    assert first.draw("val", range(4)).captions == second.draw("val", range(4)).captions


def test_samples_without_the_correlation_are_a_part(ladders):
    ladder = ladders["odd"].in_world(0)
    assert [ladder.flat(split)[1] for split in ("train", "val")] == ["train/free", "val/free"]
    assert ladder.calibrated_on == "val/free"
    sizes = {part: size for part, size in ladder.sizes.items() if not part.endswith("/free")}
    with pytest.raises(ScenarioError, match="odd-w0 has no train without its correlation: nobody drew it"):
        ladder.model_copy(update={"sizes": sizes}).flat("train")


def test_environments_differ_in_their_counterexamples(ladders):
    world = world_of(ladders["odd"].in_world(0))
    majority, counter = (world.draw(part, range(4)) for part in ("train", "train/counter"))
    misleads = [samples.group_ids % 2 == 1 for samples in (majority, counter)]
    for samples, wrong in zip((majority, counter), misleads, strict=True):
        assert samples.env_ids.tolist() == np.where(wrong, np.arange(4) % 4 != 0, np.arange(4) // 2 % 2).tolist()
    assert world.labeled("text", "train", majority).env_ids is not None
    without = world_of(ladders["odd"].in_world(0).model_copy(update={"environments": False}))
    assert without.labeled("text", "train", majority).env_ids is None
    assert (world.draw("test/agree", range(4)).env_ids == -1).all()


def test_each_sample_of_a_file_is_encoded_once_for_all_ladders_and_draws(ladders, monkeypatch):
    rungs = [Task("t", each.in_world(k), "text", "frozen", of="t") for each in ladders.values() for k in range(2)]
    (work,) = features.missing(rungs, None)
    assert (work.part, work.size) == (EVERY, 40)
    monkeypatch.setattr(features.Work, "features", lambda _: np.arange(40, dtype=np.float32)[:, None])
    for rung in rungs:
        rows = ROWS["train"][rung.scenario.seed]
        assert features.features_of(rung, "train", None).ravel().tolist() == rows.tolist()


def test_the_whole_file_has_its_own_digest_and_shows_its_samples_in_order(ladders):
    whole, part = ladders["odd"].in_world(1).encoded("train")
    assert whole.digest == ladders["high"].encoded("val")[0].digest == ladders["odd"].sha256
    assert world_of(whole).draw(part, range(40), ("caption",)).captions == WORDS.tolist()
    alone = ladders["odd"].model_copy(update={"samples": 0})
    assert alone.encoded("train") == (alone, "train")


def test_a_changed_file_is_refused(ladders):
    table = ladders["odd"].table
    table.write_bytes(table.read_bytes()[:-1])
    with pytest.raises(FrozenDataError, match=r"words.npz was changed after it was written; restore it"):
        world_of(ladders["odd"].in_world(0))


def test_a_file_of_credits_beside_the_table_is_the_licence(ladders):
    assert ladders["odd"].licence is None
    file = ladders["odd"].table.with_name("CREDITS.md")
    file.write_text("by us", encoding="utf-8")
    assert (ladders["odd"].licence.credit, ladders["odd"].licence.file) == (CREDIT, file)
