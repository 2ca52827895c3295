from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import sheets as script
from drawing import sheets
from drawing.samples import (
    channels_in,
    conflicting_sample,
    most_varying_sample,
    staged,
    varied_samples,
    world_scenario,
)
from PIL import Image

from spurgen.benchmark.plugins import discover
from spurgen.generators import sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.harness.cli import run_script

DOCS = Path(__file__).parents[3] / "docs"
NAMES = [
    "world.png",
    "world-64.png",
    "world-224.png",
    "captions.png",
    "captions-natural.png",
    "alignments.png",
    "twins.png",
    "shortcut.png",
    "groups.png",
    "things.png",
    "things-shortcuts.png",
    "things-parts.png",
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The sheets as `make sheets` writes them."""
    folder = tmp_path_factory.mktemp("docs") / "new"
    assert run_script(script, ["--out", str(folder)]) == 0
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture
def quick(monkeypatch):
    """Replace the drawing functions, which are slow; return their stand-in sheets in the order of NAMES."""
    captions = ("caption_sheet", "caption_sheet")
    ideas = ("shortcut_sheet", "group_sheet")
    things = ("things_sheet", "shortcut_values_sheet", "ladder_sheet")
    names = ("banner", "contact_sheet", "scene_sheet", *captions, "alignment_sheet", "twin_sheet", *ideas, *things)
    drawn = [Image.new("RGB", (4 + names.index(name), 4), (16 * names.index(name), 0, 0)) for name in names]
    for name, sheet in zip(names, drawn, strict=True):
        monkeypatch.setattr(sheets, name, lambda *_, sheet=sheet, **__: sheet)
    return drawn


def packed(image):
    """Put the three levels of a pixel into one number."""
    return image.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)


def pixels(path):
    with Image.open(path) as sheet:
        return packed(np.asarray(sheet.convert("RGB")))


def count(sheet, image, scale=1):
    """Count the places where a sheet shows an image, rounded as sheets are, each pixel `scale` wide."""
    wanted = packed(image & 0xF8 | image >> 5).repeat(scale, axis=0).repeat(scale, axis=1)
    side = len(wanted)
    corners = np.argwhere(sheet[: 1 - side, : 1 - side] == wanted[0, 0])
    for k in (side // 3, side // 2):
        corners = corners[sheet[corners[:, 0] + k, corners[:, 1] + k] == wanted[k, k]]
    return sum(np.array_equal(sheet[y : y + side, x : x + side], wanted) for y, x in corners)


@pytest.mark.slow
def test_all_sheets_are_written_within_limits_of_width_and_file_size(written):
    assert sorted(written) == sorted(NAMES)
    for path in written.values():
        assert 10_000 < path.stat().st_size < 1_500_000
        assert 900 < pixels(path).shape[1] <= 1000
        assert len(np.unique(pixels(path))) > 2


@pytest.mark.slow
def test_the_sheets_in_docs_are_those_that_are_drawn_today(written):
    for name, path in written.items():
        drawn, kept = pixels(path), pixels(DOCS / name)
        assert drawn.shape == kept.shape, "run `make sheets`"
        assert (drawn != kept).mean() < 0.01, f"{name}: run `make sheets`"  # letters may change with Pillow's version


@pytest.mark.slow
def test_scenes_are_shown_at_their_true_size(written):
    scenario = world_scenario(224, channels=discover(CHANNELS))
    sheet = pixels(written["world-224.png"])
    for image in sample(scenario, "test", varied_samples(scenario), captions=False).images:
        assert count(sheet, image) == 1


@pytest.mark.slow
def test_the_contact_sheet_shows_every_class_and_every_value_of_every_image_channel(written):
    sheet, plain = pixels(written["world-64.png"]), world_scenario(64)
    for image in sample(plain, "test", varied_samples(plain), captions=False).images:
        assert count(sheet, image, 2) == 1
    for channel, values in channels_in("image").items():
        scenario = staged(channel, 64)
        index = most_varying_sample(scenario, channel)
        for value in range(len(values)):
            assert count(sheet, twins(scenario, "test", [index], "channel", channel, value).images[0], 2) == 1


@pytest.mark.slow
def test_the_twin_sheet_shows_the_base_beside_every_channel_and_every_twin(written):
    sheet, scenario = pixels(written["twins.png"]), world_scenario(112, channels=channels_in("image"))
    index = conflicting_sample(scenario)
    assert count(sheet, sample(scenario, "test", [index]).images[0]) == 1 + len(scenario.channels)
    for kind in ("core", "placebo", "ctrl", "unc"):
        assert count(sheet, twins(scenario, "test", [index], kind).images[0]) == 1
    for channel in scenario.channels:
        shown = [
            count(sheet, twins(scenario, "test", [index], "channel", channel, v).images[0])
            for v in range(scenario.channels[channel].values)
        ]
        assert min(shown) > 0


@pytest.mark.slow
def test_the_alignment_sheet_shows_ten_classes_with_their_natural_and_counter_values(written):
    sheet, scenario = pixels(written["alignments.png"]), world_scenario(80, channels=("color", "word"))
    indices = sorted(varied_samples(scenario), key=lambda i: i % 20)
    for alignment in ("natural", "counter"):
        aligned = scenario.model_copy(update={"alignment": alignment})
        shown = [count(sheet, image) for image in twins(aligned, "test", indices, "ctrl", captions=False).images]
        assert shown == [1] * 10 + [0] * 10


@pytest.mark.slow
def test_the_banner_shows_sixteen_scenes(written):
    scenario = world_scenario(112)
    images = sample(scenario, "test", varied_samples(scenario), captions=False).images
    assert [count(pixels(written["world.png"]), image) for image in images] == [1] * 16 + [0] * 4


@pytest.mark.parametrize("grammar", ["plain", "natural"])
def test_every_value_of_a_caption_channel_has_a_caption(grammar):
    assert set(sheets.caption_channels()) | set(channels_in("image")) == set(discover(CHANNELS))
    for channel, values in sheets.caption_channels().items():
        captions = sheets.captions_of(channel, grammar)
        assert tuple(captions) == values
        assert len(set(captions.values())) == len(values)
        assert all(caption[0].isupper() == (grammar == "natural") for caption in captions.values())
    assert all(f" {word} " in f" {caption} " for word, caption in sheets.captions_of("synonym").items())


def test_only_the_words_that_a_value_adds_are_bold(monkeypatch):
    bold, write = {}, sheets.write

    def recorded(text, *width, **style):
        bold[text] = style.get("strong")
        return write(text, *width, **style)

    monkeypatch.setattr(sheets, "write", recorded)
    sheets.caption_sheet("natural")
    assert bold[sheets.captions_of("synonym", "natural")["picture"]] == {"picture"}
    assert bold[sheets.captions_of("voice", "natural")["question"]] == {"Does", "show"}


def test_a_channel_is_described_by_its_docstring_and_its_carriers():
    assert sheets.about("watermark") == "The small tag in a corner. In images."
    assert sheets.about("color") == "The colour of the plate. In images and captions."


def test_a_sheet_is_the_same_when_drawn_again():
    assert np.array_equal(np.asarray(sheets.banner(64)), np.asarray(sheets.banner(64)))


def test_each_sheet_is_written_under_its_name(quick, tmp_path):
    paths = sheets.write_sheets(tmp_path / "new")
    assert [path.name for path in paths] == NAMES
    for path, sheet in zip(paths, quick, strict=True):
        with Image.open(path) as image:
            assert (image.format, image.size) == ("PNG", sheet.size)
            assert image.getpixel((0, 0)) == tuple(level & 0xF8 | level >> 5 for level in sheet.getpixel((0, 0)))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("flags", "folder"), [([], "docs"), (["--out", "a/b"], "a/b")])
def test_sheets_are_written_to_docs_by_default(tmp_path, monkeypatch, stderr, flags, folder):
    monkeypatch.chdir(tmp_path)
    assert run_script(script, flags) == 0
    assert sorted(tmp_path.rglob("*.png")) == sorted(tmp_path / folder / name for name in NAMES)
    assert stderr() == f"wrote the sheets to {folder}"


@pytest.mark.usefixtures("quick")
def test_a_sheet_that_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", Mock(side_effect=OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        sheets.write_sheets(tmp_path)
    assert not list(tmp_path.iterdir())
