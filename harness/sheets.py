"""Picture sheets that show the world: contact sheets, a base sample with its twins, a banner."""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Channel, Scenario, make_scenario
from spurgen.generators import TwinKind, sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.nouns import NOUNS

Picture = NDArray[np.uint8]
KINDS: tuple[TwinKind, ...] = ("placebo", "core", "ctrl", "unc")

PAPER, INK, FAINT = (255, 255, 255), (28, 28, 32), (110, 110, 118)
GAP, LABEL, TITLE = 8, 13, 18
COLUMNS = 12
TWINNED = 623  # a sample whose channels all conflict with its class
SIDE = 128  # pixels that a picture is shown at, at most, unless its caption needs more room


def world_scenario(image_size: int, *, channels: Iterable[str] = ("background", "color", "shape")) -> Scenario:
    """Describes a world of all classes and all values of some channels, drawn without correlation."""
    kinds = discover(CHANNELS)
    specs = {
        name: Channel(
            values=len(kinds[name].VALUES),
            strength=1 / len(kinds[name].VALUES),
            carrier="both" if {"image", "caption"} <= kinds[name].CARRIERS else "image",
        ).model_dump(exclude={"kind"})
        for name in channels
    }
    return make_scenario(
        "picture sheet",
        suite="sheets",
        name="world",
        seed=7,
        num_classes=len(NOUNS),
        image_size=image_size,
        channels=specs,
    )


def image_channels() -> dict[str, tuple[str, ...]]:
    """Maps every channel that images carry to the names of its values."""
    return {name: tuple(kind.VALUES) for name, kind in discover(CHANNELS).items() if "image" in kind.CARRIERS}


def contact_sheet(image_size: int) -> Image.Image:
    """Shows every pictogram, every value of every image channel, and captioned scenes."""
    plain = world_scenario(image_size)
    bases = sample(plain, "test", range(len(NOUNS)), captions=False)
    by_class = {int(label): picture for label, picture in zip(bases.labels, bases.images, strict=True)}
    rows = [_title("pictograms: the class"), *_grid([by_class[k] for k in range(len(NOUNS))], tuple(NOUNS), 10)]
    for index, (channel, values) in enumerate(image_channels().items(), start=3):
        shown = {**plain.channels, channel: None}
        scenario = world_scenario(image_size, channels=shown)
        pictures = [twins(scenario, "test", [index], "channel", channel, v).images[0] for v in range(len(values))]
        rows += [_title(channel), *_grid(pictures, values)]
    scenes = sample(world_scenario(image_size, channels=image_channels()), "train", range(COLUMNS // 2))
    rows += [_title("scenes and their captions"), *_grid(scenes.images, scenes.captions, COLUMNS // 2, 2)]
    return _stack(rows)


def twin_sheet(scenario: Scenario, index: int) -> Image.Image:
    """Shows a test sample with all its twins; the twin that equals its base is labelled so."""
    base = sample(scenario, "test", [index])
    names, pictures = ["base"], [base.images[0]]
    for kind in KINDS:
        names.append(kind)
        pictures.append(twins(scenario, "test", [index], kind, captions=False).images[0])
    caption = _text(base.captions[0], COLUMNS // 2 * SIDE, LABEL, FAINT, GAP)
    rows = [_title("a base sample and its twins"), caption, *_grid(pictures, names)]
    kinds = discover(CHANNELS)
    for channel, spec in scenario.channels.items():
        if spec.carrier == "caption":
            continue
        shown = int(base.channel_values[channel][0])
        labels = list(kinds[spec.kind].VALUES[: spec.values])
        labels[shown] += " (base)"
        values = range(spec.values)
        pictures = [twins(scenario, "test", [index], "channel", channel, v, captions=False).images[0] for v in values]
        rows += [_title(channel), *_grid(pictures, labels)]
    return _stack(rows)


def banner(image_size: int = 128, columns: int = 8, rows: int = 2) -> Image.Image:
    """Tiles scenes of as many classes without labels."""
    scenes = twins(world_scenario(image_size), "test", range(columns * rows), "ctrl", captions=False)
    return _stack(_grid(scenes.images, [], columns))


def write_sheets(folder: Path) -> list[Path]:
    """Writes all sheets as PNG files into a folder and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "world.png": banner(),
        "world-64.png": contact_sheet(64),
        "world-224.png": contact_sheet(224),
        "twins.png": twin_sheet(world_scenario(128, channels=image_channels()), TWINNED),
    }
    for name, sheet in sheets.items():
        # Noise does not compress; five bits per level keep a sheet below a megabyte.
        sheet.point(lambda level: level & 0xF8 | level >> 5).save(folder / name, optimize=True)
    return [folder / name for name in sheets]


def _grid(
    pictures: Sequence[Picture] | Picture, labels: Sequence[str], columns: int = COLUMNS, scale: int = 1
) -> list[Image.Image]:
    """Lays out pictures in rows, each with its label below."""
    cells = [_cell(picture, labels[k] if labels else "", scale) for k, picture in enumerate(pictures)]
    rows = []
    for start in range(0, len(cells), columns):
        some = cells[start : start + columns]
        row = Image.new("RGB", (GAP + sum(c.width + GAP for c in some), GAP + max(c.height for c in some)), PAPER)
        for k, cell in enumerate(some):
            row.paste(cell, (GAP + k * (cell.width + GAP), GAP))
        rows.append(row)
    return rows


def _cell(picture: Picture, label: str, scale: int) -> Image.Image:
    """Shows a picture `scale` times as large as others; small ones enlarged, large ones reduced."""
    image = Image.fromarray(picture)
    side = len(picture) * scale
    side = side * (SIDE // len(picture)) if len(picture) <= SIDE else side // 2
    method = Image.Resampling.NEAREST if side >= len(picture) else Image.Resampling.BOX
    image = image.resize((side, side), method)
    return _stack([image, _text(label, side, LABEL, FAINT)]) if label else image


def _title(text: str) -> Image.Image:
    return _text(text, len(text) * TITLE, TITLE, INK, GAP)


def _text(text: str, width: int, size: int, ink: tuple[int, int, int], left: int = 0) -> Image.Image:
    """Writes a text, wrapped to a width in pixels, on a strip of paper."""
    font = ImageFont.load_default(size)
    lines = textwrap.wrap(text, max(width * 2 // size, 8)) or [""]
    strip = Image.new("RGB", (width + left, (len(lines) * 5 + 2) * size // 4), PAPER)
    pen = ImageDraw.Draw(strip)
    for k, line in enumerate(lines):
        pen.text((left, size // 4 + k * size * 5 // 4), line, ink, font)
    return strip


def _stack(strips: Sequence[Image.Image]) -> Image.Image:
    """Puts strips below one another, flush left."""
    sheet = Image.new("RGB", (max(s.width for s in strips), sum(s.height for s in strips)), PAPER)
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    return sheet
