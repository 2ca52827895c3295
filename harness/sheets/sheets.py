"""Picture sheets that show the world: every value of every channel, captioned scenes, a sample with its twins."""

import io
from pathlib import Path

import numpy as np

from spurgen.benchmark.plugins import discover
from spurgen.generators import TwinKind, class_names, sample, twins
from spurgen.generators.atlas import CHANNELS
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.sheets.layout import (
    GAP,
    INK,
    Picture,
    Strip,
    cell,
    column,
    framed,
    grid,
    heading,
    panel,
    row,
    write,
)
from spurgen.harness.sheets.samples import (
    MEASURED_AT,
    channels_in,
    conflicting_sample,
    telling_sample,
    varied_samples,
    without_pictogram,
    world_scenario,
)

COLUMNS = 7  # of a contact sheet, the headings' among them
ACROSS = 4  # scenes at 224 pixels
TWINS_ACROSS = 7  # at most
NAMED, SAID = 100, 856  # pixels for a value's name and its caption
TWINS: dict[str, tuple[TwinKind | None, str]] = {
    "base": (None, "a test sample; its channels all conflict with its class"),
    "core": ("core", "another class; channels and nuisances kept"),
    "placebo": ("placebo", "only the nuisances redrawn: place, size, tilt, tones, wording"),
    "ctrl": ("ctrl", "every channel set to the value that goes with the class"),
    "unc": ("unc", "every channel redrawn, whatever the class"),
}


def about(kind: str) -> str:
    """Says what a kind of channel is, and whether images or captions carry it."""
    module = discover(CHANNELS)[kind]
    carried = " and ".join(f"{carrier}s" for carrier in ("image", "caption") if carrier in module.CARRIERS)
    return f"{(module.__doc__ or '').partition(chr(10))[0]} In {carried}."


def contact_sheet(image_size: int, scale: int) -> Strip:
    """Shows every pictogram, and every value of every channel of images, those with the pictogram left out."""
    side = image_size * scale
    plain = world_scenario(image_size)
    scenes = sample(plain, "test", varied_samples(plain), captions=False).images
    head = heading("pictograms", "The class. In images and, as a noun phrase, in captions.", side)
    cells = [cell(picture, name, scale) for picture, name in zip(scenes, class_names(plain), strict=True)]
    strips = [grid([head, *cells], COLUMNS)]
    for channel, values in channels_in("image").items():
        bare = without_pictogram(world_scenario(image_size, channels={**plain.channels, channel: None}))
        index = telling_sample(bare, channel)
        cells = [
            cell(twins(bare, "test", [index], "channel", channel, v, captions=False).images[0], value, scale)
            for v, value in enumerate(values)
        ]
        strips.append(panel(heading(channel, about(channel), side), cells, COLUMNS))
    return framed(strips, 2 * GAP)


def said_only() -> dict[str, tuple[str, ...]]:
    """Maps every channel that captions alone carry to the names of its values."""
    return {name: values for name, values in channels_in("caption").items() if name not in channels_in("image")}


def captions_of(channel: str) -> dict[str, str]:
    """Maps every value of a channel to the caption that one sample has with it, a short and plain one."""
    scenario = world_scenario(MEASURED_AT, channels=channels_in("caption"))
    some = sample(scenario, "test", range(10_000), images=False)
    plain = np.flatnonzero(np.all([some.channel_values[name] == 0 for name in said_only()], axis=0))
    index = min(plain.tolist(), key=lambda i: (len(some.captions[i]), i))
    return {
        name: twins(scenario, "test", [index], "channel", channel, value, images=False).captions[0]
        for value, name in enumerate(channels_in("caption")[channel])
    }


def caption_sheet() -> Strip:
    """Writes a caption for every value of the channels that captions alone carry; what a value adds is bold."""
    strips = []
    for channel in said_only():
        captions = captions_of(channel)
        shared = set.intersection(*(set(caption.split()) for caption in captions.values()))
        lines = [
            row([write(name, NAMED, ink=INK), write(said, SAID, strong=set(said.split()) - shared)])
            for name, said in captions.items()
        ]
        strips.append(column([heading(channel, about(channel), NAMED + GAP + SAID), *lines], gap=3))
    return framed(strips, 2 * GAP)


def scene_sheet(image_size: int) -> Strip:
    """Shows a scene of every class with its caption; together they have every value of every channel."""
    scenario = world_scenario(image_size, channels=discover(CHANNELS))
    scenes = sample(scenario, "test", varied_samples(scenario))
    cells = [cell(picture, said) for picture, said in zip(scenes.images, scenes.captions, strict=True)]
    return framed([grid(cells, ACROSS)])


def twin_sheet(image_size: int) -> Strip:
    """Shows a test sample and its twins: one of each kind, and every value of every channel that images carry."""
    scenario = world_scenario(image_size, channels=channels_in("image"))
    index = conflicting_sample(scenario)
    base = sample(scenario, "test", [index])

    def again(kind: TwinKind | None, channel: str | None = None, value: int | None = None) -> Picture:
        made = twins(scenario, "test", [index], kind, channel, value, captions=False) if kind else base
        picture: Picture = made.images[0]
        return picture

    beside = (TWINS_ACROSS + 1) * (image_size + GAP) // 3 - image_size - 2 * GAP
    cells = [row([cell(again(kind)), heading(name, note, beside)]) for name, (kind, note) in TWINS.items()]
    cells.insert(1, heading("its caption", base.captions[0], image_size + GAP + beside))
    strips = [grid(cells, 3)]
    for channel, values in channels_in("image").items():
        own = int(base.channel_values[channel][0])
        shown = [own, *(v for v in range(len(values)) if v != own)]
        cells = [cell(again("channel", channel, v), values[v] + " (base)" * (v == own)) for v in shown]
        strips.append(panel(heading(channel, "changed, all else kept", image_size), cells, TWINS_ACROSS + 1))
    return framed(strips)


def banner(image_size: int, columns: int = 8, rows: int = 2) -> Strip:
    """Tiles scenes of as many classes without labels."""
    scenario = world_scenario(image_size)
    indices = varied_samples(scenario)[: columns * rows]
    return framed([grid([cell(p) for p in sample(scenario, "test", indices, captions=False).images], columns)])


def write_sheets(folder: Path) -> list[Path]:
    """Writes all sheets as PNG files into a folder and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "world.png": banner(112),
        "world-64.png": contact_sheet(64, scale=2),
        "world-224.png": scene_sheet(224),
        "captions.png": caption_sheet(),
        "twins.png": twin_sheet(112),
    }
    for name, sheet in sheets.items():
        # Noise does not compress; five bits per level keep a sheet small.
        _save(sheet.point(lambda level: level & 0xF8 | level >> 5), folder / name)
    return [folder / name for name in sheets]


def _save(sheet: Strip, path: Path) -> None:
    """Writes a whole file or nothing."""
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True)
    write_atomically(path, buffer.getvalue())
