"""Sheets that show the world: every value of every channel, captioned scenes, a sample with its twins."""

import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from drawing.concepts import group_sheet, shortcut_sheet
from drawing.ladder import ladder_sheet, shortcut_values_sheet, things_sheet
from drawing.layout import GAP, Strip, framed, grid, heading, panel, row, tile
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.worlds.pictograms import Channel, Scenario, make_scenario
from spurgen.generators import TwinKind, class_names, sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.generators.pictograms.captions import NOUNS
from spurgen.generators.pictograms.state import needs_pictogram
from spurgen.harness.machine.files import write_atomically

COLUMNS = 7  # of a contact sheet, that of the headings included
ACROSS = 4  # scenes at 224 pixels
TWINS_ACROSS = 7  # at most
ALIGNED = ("color", "word")
ALIGNMENTS = {
    "natural": "the colour and the name of the class itself",
    "counter": "those of another class",
}
TWINS: dict[str, tuple[TwinKind | None, str]] = {
    "base": (None, "a test sample; its channels all conflict with its class"),
    "core": ("core", "another class; channels and nuisances kept"),
    "placebo": ("placebo", "only the nuisances redrawn: place, size, tilt, tones, wording"),
    "ctrl": ("ctrl", "every channel set to the value that goes with the class"),
    "unc": ("unc", "every channel redrawn uniformly"),
}
PLAIN = ("background", "color", "shape")  # the channels that every scene has
PLAIN_SCENES = [80, 1, 62, 3, 24, 85, 66, 587, 8, 9, 170, 11, 52, 253, 34, 55, 156, 117, 38, 59]
"""Test samples that are shown, one of each class; of these and the next ones, pictograms contrast with what is behind
them by at least 100 levels of luminance, and together they show as many values as possible."""
SCENES = [80, 841, 62, 3, 64, 25, 86, 187, 8, 9, 170, 11, 292, 33, 34, 195, 236, 117, 38, 59]
"""Test samples that are shown with every channel."""
ALIGNED_SCENES = [40, 1, 62, 3, 124, 145, 86, 27, 688, 989]
"""Test samples of the first ten classes that are shown with the channels of `ALIGNED`."""
WITH_TWINS = 15348  # its channels all conflict with its class, and so do those of its `unc` twin
SHOWN_BEST = {"background": 192, "color": 106, "lighting": 167, "shape": 49, "tint": 139, "watermark": 163, "word": 78}
"""Of 200 test samples, the one whose images differ most over a channel's values."""


def channels_in(carrier: str) -> dict[str, tuple[str, ...]]:
    """Map every channel that `image` or `caption` carries to the names of its values."""
    return {name: tuple(kind.VALUES) for name, kind in discover(CHANNELS).items() if carrier in kind.CARRIERS}


def world_scenario(image_size: int, *, channels: Iterable[str] = PLAIN) -> Scenario:
    """Return a world of all classes and all values of the channels, drawn without correlation."""
    kinds = discover(CHANNELS)
    specs = {
        name: Channel(
            values=len(kinds[name].VALUES),
            strength=1 / len(kinds[name].VALUES),
            carrier="both" if len(kinds[name].CARRIERS) == 2 else next(iter(kinds[name].CARRIERS)),
        ).model_dump(exclude={"kind"})
        for name in channels
    }
    fields = {"num_classes": len(NOUNS), "image_size": image_size, "channels": specs}
    return make_scenario("sheet", suite="sheets", name="world", seed=7, **fields)


def staged(channel: str, image_size: int) -> Scenario:
    """Return the world in which a channel is shown: without a pictogram, unless the channel needs one."""
    scenario = world_scenario(image_size, channels=dict.fromkeys((*PLAIN, channel)))
    needed = needs_pictogram(discover(CHANNELS)[channel])
    return scenario if needed else scenario.model_copy(update={"core_visibility": 0.0})


def about(kind: str) -> str:
    """Return what a kind of channel is, and whether images or captions carry it."""
    module = discover(CHANNELS)[kind]
    carried = " and ".join(f"{carrier}s" for carrier in ("image", "caption") if carrier in module.CARRIERS)
    return f"{(module.__doc__ or '').partition(chr(10))[0]} In {carried}."


def contact_sheet(image_size: int, scale: int) -> Strip:
    """Show every pictogram, and every value of every image channel, without a pictogram where none is needed."""
    side = image_size * scale
    plain = world_scenario(image_size)
    scenes = sample(plain, "test", PLAIN_SCENES, captions=False).images
    head = heading("pictograms", "The class. In images and, as a noun phrase, in captions.", side)
    tiles = [tile(pixels, name, scale) for pixels, name in zip(scenes, class_names(plain), strict=True)]
    strips = [grid([head, *tiles], COLUMNS)]
    for channel, values in channels_in("image").items():
        scenario = staged(channel, image_size)
        index = SHOWN_BEST.get(channel, 0)
        tiles = [
            tile(twins(scenario, "test", [index], "channel", channel, v, captions=False).images[0], value, scale)
            for v, value in enumerate(values)
        ]
        strips.append(panel(heading(channel, about(channel), side), tiles, COLUMNS))
    return framed(strips, 2 * GAP)


def scene_sheet(image_size: int) -> Strip:
    """Show a scene of every class with its caption; together they have every value of every channel."""
    scenario = world_scenario(image_size, channels=discover(CHANNELS))
    scenes = sample(scenario, "test", SCENES)
    tiles = [tile(pixels, caption) for pixels, caption in zip(scenes.images, scenes.captions, strict=True)]
    return framed([grid(tiles, ACROSS)])


def alignment_sheet(image_size: int) -> Strip:
    """Show scenes of the first ten classes with the values that go with them, under each fixed alignment."""
    scenario = world_scenario(image_size, channels=ALIGNED)
    strips = []
    for alignment, note in ALIGNMENTS.items():
        aligned = scenario.model_copy(update={"alignment": alignment})
        scenes = twins(aligned, "test", ALIGNED_SCENES, "ctrl", captions=False).images
        head = heading(alignment, note, image_size)
        strips.append(panel(head, [tile(pixels) for pixels in scenes], 1 + len(ALIGNED_SCENES)))
    return framed(strips)


def twin_sheet(image_size: int) -> Strip:
    """Show a test sample and its twins: one of each kind, and every value of every image channel."""
    scenario = world_scenario(image_size, channels=channels_in("image"))
    base = sample(scenario, "test", [WITH_TWINS])

    def twin(kind: TwinKind | None, channel: str | None = None, value: int | None = None, label: str = "") -> Strip:
        drawn = twins(scenario, "test", [WITH_TWINS], kind, channel, value, captions=False) if kind else base
        return tile(drawn.images[0], label)

    beside = (TWINS_ACROSS + 1) * (image_size + GAP) // 3 - image_size - 2 * GAP
    tiles = [row([twin(kind), heading(name, note, beside)]) for name, (kind, note) in TWINS.items()]
    tiles.insert(1, heading("its caption", base.captions[0], image_size + GAP + beside))
    strips = [grid(tiles, 3)]
    for channel, values in channels_in("image").items():
        own = int(base.channel_values[channel][0])
        shown = [own, *(v for v in range(len(values)) if v != own)]
        tiles = [twin("channel", channel, v, values[v] + " (base)" * (v == own)) for v in shown]
        strips.append(panel(heading(channel, "changed, all else kept", image_size), tiles, TWINS_ACROSS + 1))
    return framed(strips)


def banner(image_size: int) -> Strip:
    """Show scenes of 16 classes without labels."""
    scenario = world_scenario(image_size)
    return framed([grid([tile(p) for p in sample(scenario, "test", PLAIN_SCENES[:16], captions=False).images], 8)])


def write_sheets(folder: Path) -> list[Path]:
    """Write all sheets as PNG files into a folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "world.png": banner(112),
        "world-64.png": contact_sheet(64, scale=2),
        "world-224.png": scene_sheet(224),
        "alignments.png": alignment_sheet(80),
        "twins.png": twin_sheet(112),
        "shortcut.png": shortcut_sheet(96),
        "groups.png": group_sheet(112),
        "things.png": things_sheet(2),
        "things-shortcuts.png": shortcut_values_sheet(92),
        "things-parts.png": ladder_sheet(104, 6, 200),
    }
    for name, sheet in sheets.items():
        save(sheet, folder / name)
    return [folder / name for name in sheets]


def save(sheet: Strip, path: Path) -> None:
    """Write a whole file or nothing; noise does not compress, so that a sheet has 256 colours at most."""
    buffer = io.BytesIO()
    few = sheet.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(buffer, format="PNG", optimize=True)
    write_atomically(path, buffer.getvalue())
