"""Every layout, on small folders in exactly the layout of the data set."""

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.harness.anchor.dataset import Listing
from spurgen.harness.anchor.folders import LAYOUTS
from spurgen.harness.anchor.layouts import celeba as celeba_layout
from spurgen.harness.anchor.layouts import civilcomments as civilcomments_layout
from spurgen.harness.anchor.layouts import waterbirds as waterbirds_layout


@pytest.mark.parametrize("name", discover(LAYOUTS))
def test_every_layout_reads_its_folder(name, request):
    folder = request.getfixturevalue(name)
    layout = discover(LAYOUTS)[name]
    assert all((folder / mark).is_file() for mark in layout.MARKS)
    listing = layout.read(folder)
    assert isinstance(listing, Listing)
    assert listing.name == name
    count = len(listing.inputs)
    assert count == len(listing.labels) == len(listing.attributes) == len(listing.splits)
    assert set(listing.splits.tolist()) == {0, 1, 2}
    assert {len(listing.class_names), len(listing.values)} == {2}


def test_waterbirds(waterbirds):
    listing = waterbirds_layout.read(waterbirds)
    assert listing.inputs[1] == str(waterbirds / "001.Bird" / "Bird_0001.jpg")
    assert listing.labels.tolist() == [0, 1] * 6
    assert listing.attributes.tolist() == [0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1]
    assert listing.splits.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_celeba_is_blond_hair_and_male(celeba):
    listing = celeba_layout.read(celeba)
    assert listing.inputs[0] == str(celeba / "img_align_celeba" / "000001.jpg")
    assert listing.labels.tolist() == [0, 1] * 6
    assert listing.attributes.tolist() == [0, 0, 1, 1] * 3


def test_celeba_images_may_lie_where_kaggle_unpacks_them(celeba):
    inner = celeba / "img_align_celeba" / "img_align_celeba"
    (celeba / "img_align_celeba").rename(celeba / "inner")
    inner.parent.mkdir()
    (celeba / "inner").rename(inner)
    assert celeba_layout.read(celeba).inputs[0] == str(inner / "000001.jpg")


def test_civilcomments_is_toxicity_of_half_and_any_identity(civilcomments):
    listing = civilcomments_layout.read(civilcomments)
    assert [text.startswith("idiot") for text in listing.inputs] == (listing.labels == 1).tolist()
    assert ["woman" in text for text in listing.inputs] == (listing.attributes == 1).tolist()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("img_filename,y,split,place", "img_filename,y,split,where", r"metadata.csv has no column place, only img_id,"),
        ("0004.jpg,0,1", "0004.jpg,2,1", r"metadata.csv, line 6, column y: '2' is none of 0, 1; download"),
        ("0004.jpg,0,1", "0004.jpg,0,3", r"metadata.csv, line 6, column split: '3' is none of 0, 1, 2"),
        ("0004.jpg,0,1", "0004.jpg,,1", r"metadata.csv, line 6, column y: '' is none of 0, 1"),
        ("4,000.Bird", '4,"000.Bird', r"cannot read .*metadata.csv: .*EOF inside string"),
    ],
)
def test_what_is_wrong_with_waterbirds_is_named(waterbirds, old, new, message):
    path = waterbirds / "metadata.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(SpurgenError, match=message):
        waterbirds_layout.read(waterbirds)


def test_a_table_without_lines_is_refused(waterbirds):
    path = waterbirds / "metadata.csv"
    path.write_text(path.read_text().partition("\n")[0] + "\n")
    with pytest.raises(SpurgenError, match=r"metadata.csv has no lines; download"):
        waterbirds_layout.read(waterbirds)


def test_a_missing_table_of_celeba_is_named(celeba):
    (celeba / "list_eval_partition.csv").unlink()
    with pytest.raises(SpurgenError, match=r"list_eval_partition.csv is missing; download"):
        celeba_layout.read(celeba)


def test_tables_of_celeba_that_do_not_fit_are_refused(celeba):
    path = celeba / "list_eval_partition.csv"
    text = path.read_text()
    path.write_text(text.replace("000012.jpg,2\n", ""))
    with pytest.raises(SpurgenError, match=r"has 12 images and list_eval_partition.csv 11, of which 11 are in both"):
        celeba_layout.read(celeba)
    path.write_text(text + "000003.jpg,1\n")
    with pytest.raises(SpurgenError, match=r"list_eval_partition.csv lists 000003.jpg twice"):
        celeba_layout.read(celeba)


def test_a_toxicity_that_is_no_number_is_named(civilcomments):
    path = civilcomments / "all_data_with_identities.csv"
    path.write_text(path.read_text().replace("0.166", "none", 1))
    with pytest.raises(SpurgenError, match=r"identities.csv, line \d+, column toxicity: 'none' is no number"):
        civilcomments_layout.read(civilcomments)
