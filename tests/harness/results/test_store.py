import re
from pathlib import Path

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import unpack
from spurgen.harness.results.sources import HOME
from spurgen.harness.results.store import check_owner, label_of, read_cell, read_cells, seal

GOLDEN = Path(__file__).with_name("golden") / "cell-schema-1.json"


@pytest.fixture
def keep(suite, make_cell, keep_cell, tmp_path):
    """Writes a cell to its place and returns the path that it was meant for."""

    def kept(label="model", seed=0, task="small-text", **changes):
        return keep_cell(tmp_path, make_cell(suite, 0.8, seed, task, **changes), label)

    return kept


@pytest.mark.parametrize(
    ("spec", "options", "label"),
    [
        ("some/where/my model.py", {}, "my_model"),
        ("spurgen.baselines.erm:submission", {}, "erm"),
        ("package.module:Best", {}, "Best"),
        ("erm", {"lr": 0.1, "epochs": 3}, "erm-epochs=3-lr=0.1"),
    ],
)
def test_a_row_is_named_after_its_file_module_or_object_and_options(spec, options, label):
    assert label_of(spec, options) == label


def test_cells_are_read_by_row_and_task_in_the_order_of_seeds(keep, tmp_path):
    for label, seed, task in (
        ("b", 10, "small-text"),
        ("b", 2, "small-text"),
        ("b", 0, "small-image"),
        ("a", 1, "small-text"),
    ):
        keep(label, seed, task)
    rows = read_cells(tmp_path, "tiny")
    found = {label: {task: [cell.seed for cell in some] for task, some in row.items()} for label, row in rows.items()}
    assert found == {"a": {"small-text": [1]}, "b": {"small-text": [2, 10], "small-image": [0]}}
    assert read_cells(tmp_path, "other") == {}


def test_a_newer_cell_replaces_the_older_one_of_its_task_and_seed_alone(keep):
    older, other_seed, other_task = keep(identity="a" * 64), keep(seed=1), keep(task="small-image")
    newer = keep(identity="b" * 64)
    assert sorted(newer.parent.iterdir()) == sorted([newer, other_seed, other_task])
    assert not older.exists()


def test_what_is_no_cell_is_named(keep, tmp_path):
    path = keep()
    path.write_text(seal("{\n}"))
    with pytest.raises(
        SpurgenError, match=rf"{path.name} is not a result of this version: .*\n(.*\n)*delete it and run"
    ):
        read_cells(tmp_path, "tiny")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"wga": 0.', '"wga": 0.9', "its checksum does not fit"),
        ('"seed": 0', '"seed": 1', "its checksum does not fit"),
        ('"access": "none"', '"access":  "none"', "its checksum does not fit"),
        ('"sha256": "', '"sha": "', "its checksum is missing"),
        ('"schema_version": 1', '"schema_version": 2', r"written by a later version of spurgen \(schema 2; this one"),
    ],
)
def test_what_is_not_as_it_was_written_is_refused_with_the_reason(keep, tmp_path, old, new, told):
    path = keep()
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(SpurgenError, match=f"{path.name} .*{told}"):
        read_cells(tmp_path, "tiny")


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_a_figure_that_is_no_number_is_refused_even_if_sealed(keep, tmp_path, value):
    path = keep()
    body = re.sub(r'"wga": [0-9.]+', f'"wga": {value}', path.read_text()).partition(',\n "sha256"')[0] + "\n}"
    path.write_text(seal(body))
    with pytest.raises(SpurgenError, match=f"{path.name} is not a result of this version"):
        read_cells(tmp_path, "tiny")


def test_line_ends_of_another_system_do_no_harm(keep, tmp_path):
    path = keep()
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_cells(tmp_path, "tiny")["model"]["small-text"]


def test_a_cell_of_schema_1_is_read_for_ever():
    cell = read_cell(GOLDEN)
    assert (cell.suite, cell.task, cell.submission, cell.seed, cell.access) == ("tiny", "small-text", "m0.8", 3, "none")
    assert cell.figures["wga"] == 0.2
    assert unpack(cell.samples["correct"]).sum() == sum(cell.groups)
    assert cell.isolation == "process"


def test_every_row_that_is_published_is_as_it_was_written():
    rows = read_cells(HOME / "benchmark" / "results", "v1")
    assert len(rows) >= 27


def test_a_row_belongs_to_the_submission_that_made_it(keep, tmp_path):
    folder = keep(spec="one.py").parent
    assert check_owner(folder, "one.py", "changed since")
    assert not check_owner(folder, "elsewhere/one.py", "0")  # the same source
    assert not check_owner(tmp_path / "none", "two.py", "1")
    with pytest.raises(
        SpurgenError, match=r"the row model belongs to one.py; rename two/one.py, or remove .*model first"
    ):
        check_owner(folder, "two/one.py", "1")
