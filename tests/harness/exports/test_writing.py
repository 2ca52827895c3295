import re
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.world import load_scenario
from spurgen.harness.cli import main
from spurgen.harness.commands.generate import from_flags
from spurgen.harness.exports import writing
from spurgen.harness.exports.documents import SCENARIO
from spurgen.harness.exports.plan import FORMATS

EVERY = names_in(FORMATS)
SMALL = "--num_classes 2 --num_samples 4 --channels color --image_size 32"


def generate(*flags):
    return main(["generate", *SMALL.split(), *flags])


def test_the_written_scenario_makes_the_same_files_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795737600")
    assert generate("--out", str(tmp_path / "one"), "--seed", str(2**64 - 1), "--strength", ".9") == 0
    assert main(["generate", str(tmp_path / "one" / SCENARIO), "--out", str(tmp_path / "two")]) == 0
    one, two = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two
    made = from_flags(2, 4, ["color"], [".9"], 32, 2**64 - 1)
    assert load_scenario(tmp_path / "one" / SCENARIO).digest == made.digest


def test_a_link_to_an_empty_folder_is_filled_and_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    assert generate("--out", str(tmp_path / "link")) == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "disk" / SCENARIO).is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "link"]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("file/none/set", "cannot write to {}/file/none: Not a directory; choose another folder"),
        ("full", "full exists and is not an empty folder"),
        ("empty", "empty is a mount point, which cannot be replaced; choose a folder in it"),
    ],
)
def test_an_impossible_folder_is_an_error_before_any_work(tmp_path, monkeypatch, stderr, out, message):
    (tmp_path / "file").write_text("")
    (tmp_path / "full" / "of").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr("os.path.ismount", lambda place: Path(place).name == "empty")
    monkeypatch.setattr("spurgen.harness.commands.generate.samples_bar", None)
    assert generate("--out", str(tmp_path / out)) == 2
    assert message.format(tmp_path) in stderr()
    assert (tmp_path / "full" / "of").is_dir()


COMMAND = "import sys; from spurgen.harness.cli import main; sys.exit(main(sys.argv[1:]))"


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def stop_after(count):
    """Return a function that interrupts an export after so many shards."""
    return Mock(side_effect=[None] * (count - 1) + [KeyboardInterrupt])


@pytest.mark.parametrize("form", EVERY)
def test_an_interrupted_export_continues_with_its_unwritten_shards(make, monkeypatch, form):
    with pytest.raises(KeyboardInterrupt) as stopped:
        make(form, progress=stop_after(3))
    partial = Path(".set.partial").resolve()
    assert stopped.value.__notes__ == [f"what was written is in {partial}; the same command continues"]
    assert not Path("set").exists()
    write = Mock(wraps=writing.write_shard)
    monkeypatch.setattr(writing, "write_shard", write)
    index = make(form)
    total = sum(-(-part.samples // index.shard_size) for part in index.parts.values())
    assert write.call_count == total - 3
    assert not partial.exists()
    make(form, "whole")
    assert tree("set") == tree("whole")


@pytest.mark.parametrize("step", ["documents.write", "Path.replace"])
def test_an_export_that_failed_behind_its_last_shard_writes_none_again(make, monkeypatch, step):
    with monkeypatch.context() as context:
        context.setattr(
            f"spurgen.harness.exports.writing.{step}", Mock(side_effect=OSError(28, "No space left on device"))
        )
        with pytest.raises(SpurgenError, match="No space left on device"):
            make("folder")
    with monkeypatch.context() as context:
        context.setattr(writing, "write_shard", None)
        make("folder")
    make("folder", "whole")
    assert tree("set") == tree("whole")


def cut_short(partial):
    path = next((partial / "data").iterdir())
    path.write_bytes(path.read_bytes()[:-100])


def lose(partial):
    next((partial / "data").iterdir()).unlink()


def flip_a_byte(partial):
    path = next((partial / "data").iterdir())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_receipt(partial):
    path = partial / ".spurgen" / "train-00000-of-00002"
    path.write_bytes(path.read_bytes()[:-8])


@pytest.mark.parametrize("damage", [cut_short, lose, flip_a_byte, cut_receipt])
def test_a_damaged_shard_of_an_interrupted_export_is_written_again(make, damage):
    with pytest.raises(KeyboardInterrupt):
        make("parquet", progress=stop_after(2))
    damage(Path(".set.partial"))
    make("parquet")
    make("parquet", "whole")
    assert tree("set") == tree("whole")


def test_what_a_kill_left_in_a_complete_data_set_is_removed(make, monkeypatch):
    make("parquet", "whole")
    with monkeypatch.context() as context:
        context.setattr("shutil.rmtree", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make("parquet")
    assert Path("set", ".spurgen").exists()
    monkeypatch.setattr(writing, "write_shard", None)
    make("parquet")
    assert tree("set") == tree("whole")


def test_a_whole_data_set_is_kept_and_its_documents_may_be_edited(make, monkeypatch):
    first = make("parquet")
    Path("set", "croissant.json").write_text("{}")
    before = tree("set")
    monkeypatch.setattr(writing, "write_shard", None)
    assert make("parquet") == first
    assert tree("set") == before


@pytest.mark.parametrize(
    ("form", "lost"),
    [
        ("folder", "twins/core/metadata.csv"), ("folder", "train/000001.png"), ("wilds", "RELEASE_v1.0.txt"),
        ("parquet", "README.md"), ("parquet", "data/val-00000-of-00001.parquet"),
    ],
)  # fmt: skip
def test_a_data_set_that_has_lost_a_file_is_not_said_to_be_kept(make, form, lost):
    make(form)
    (Path("set") / lost).unlink()
    with pytest.raises(SpurgenError, match=f"set has lost {lost}; remove the folder, or choose another"):
        make(form)


@pytest.mark.parametrize(
    ("name", "what"), [("val/metadata.csv", "val/metadata.csv"), ("train/000001.png", "its files")]
)
def test_a_data_set_whose_file_was_cut_short_is_not_said_to_be_kept(make, name, what):
    make("folder")
    path = Path("set") / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SpurgenError, match=rf"set is damaged: {what} ha(s|ve) [\d,]+ bytes instead of [\d,]+; remove"):
        make("folder")


@pytest.mark.slow
def test_a_killed_export_continues_with_any_number_of_processes(make, small, wait_until):
    command = [
        sys.executable, "-c", COMMAND, "generate", "small.toml", "--out", "set", "--format", "parquet",
        "--twins", "--shard-size", "3", "--jobs", "2",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=small, stdout=subprocess.DEVNULL)
    receipts = small / ".set.partial" / ".spurgen"
    wait_until(lambda: receipts.is_dir() and len(list(receipts.glob("t*"))) > 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (small / "set").exists()
    make("parquet", shard_size=3)
    make("parquet", "whole", shard_size=3)
    assert tree("set") == tree("whole")


def test_an_interrupted_export_of_other_data_is_an_error(make):
    with pytest.raises(KeyboardInterrupt):
        make("parquet", progress=stop_after(1))
    before = tree(".set.partial")
    with pytest.raises(SpurgenError, match=r"\.set\.partial is an interrupted export of another data set to .*set;"):
        make("parquet", shard_size=20)
    assert tree(".set.partial") == before


@pytest.mark.parametrize(
    ("form", "shard_size", "change", "problem"),
    [
        ("folder", 30, None, "it has format parquet"),
        ("parquet", 31, None, "it has shards of 30 samples"),
        ("parquet", 29, None, "it has shards of 30 samples"),
        ("parquet", 30, ("seed = 11", "seed = 12"), "it has another scenario"),
    ],
)
def test_another_data_set_is_an_error_that_says_how_it_differs(make, form, shard_size, change, problem):
    make("parquet")
    before = tree("set")
    if change:
        Path("small.toml").write_text(Path("small.toml").read_text().replace(*change))
    with pytest.raises(SpurgenError, match=rf"set holds another data set \({problem}\); choose another folder"):
        make(form, shard_size=shard_size)
    assert tree("set") == before


def test_a_foreign_folder_in_the_way_is_an_error(make):
    Path(".set.partial").mkdir()
    Path(".set.partial", "mine.txt").write_text("precious")
    with pytest.raises(SpurgenError, match=r"\.set\.partial holds mine\.txt and is no interrupted export; remove it"):
        make("parquet")
    assert Path(".set.partial", "mine.txt").read_text() == "precious"


@pytest.mark.parametrize("text", ["{", "{}", '{"version": 2}'])
def test_a_damaged_index_is_an_error(make, text):
    make("parquet")
    Path("set", "dataset.json").write_text(text)
    with pytest.raises(SpurgenError, match=r"set/dataset\.json is damaged; remove .*set, and generate the data set"):
        make("parquet")


def test_a_second_writer_is_refused(make, monkeypatch):
    write, refused = writing.write_shard, []

    def write_beside(*arguments):
        with pytest.raises(SpurgenError) as error:
            make("parquet")
        refused.append(str(error.value))
        return write(*arguments)

    monkeypatch.setattr(writing, "write_shard", write_beside)
    make("parquet")
    assert all(
        re.fullmatch(r"another process is writing .*set; wait for it, or choose another folder", each)
        for each in refused
    )
    assert len(refused) == len([*Path("set").rglob("*.parquet")])


@pytest.mark.parametrize("step", ["check_out", "claimed"])
def test_a_data_set_that_another_process_completes_between_two_steps_is_kept(make, monkeypatch, step):
    first, done = make("parquet"), getattr(writing, step)
    Path("set").rename("first")

    def late(*arguments):
        if not Path("set").exists():
            Path("first").rename("set")
            Path(".set.partial").exists() and Path(".set.partial").rmdir()
        return done(*arguments)

    monkeypatch.setattr(writing, step, late)
    assert make("parquet") == first
    assert not Path(".set.partial").exists()


def test_an_empty_folder_of_a_second_writer_that_came_too_late_is_removed(make, monkeypatch):
    """It found no data set, and made its folder after the first one had become the data set."""
    first = make("parquet")
    found = [None, first]
    monkeypatch.setattr(writing, "find", lambda *_: found.pop(0))
    assert make("parquet") == first
    assert not Path(".set.partial").exists()


def test_a_full_disk_is_an_error_that_says_what_is_kept(make, monkeypatch):
    monkeypatch.setattr(writing, "write_shard", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(SpurgenError, match=r"set failed: No space left on device; what was written is in .*continues"):
        make("parquet")
    assert not Path("set").exists()
