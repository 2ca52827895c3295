"""Draw the pictures of things from Noto Emoji: `npm pack @iconify-json/noto` fetches their icons.json."""

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from resvg_py import svg_to_bytes
from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.generators.things.nouns import PICTURES, PICTURES_SHA256, SIDE, THINGS, read_pictures
from spurgen.harness.cli import run_script
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import add_out

# Names in Noto, where they are not the thing's.
ICONS = {
    "apple": "red-apple", "baguette": "baguette-bread", "baseball cap": "billed-cap", "bee": "honeybee",
    "blouse": "womans-clothes", "boot": "womans-boot", "cable car": "mountain-cableway", "cake": "shortcake",
    "camel": "two-hump-camel", "car": "automobile", "caterpillar": "bug", "cheese": "cheese-wedge",
    "chick": "baby-chick", "chili pepper": "hot-pepper", "comb": "hair-pick", "corn": "ear-of-corn",
    "custard pudding": "custard", "electric wheelchair": "motorized-wheelchair", "flip-flop": "thong-sandal",
    "ginger": "ginger-root", "handsaw": "carpentry-saw", "ice cream cone": "soft-ice-cream",
    "karate uniform": "martial-arts-uniform", "ladybug": "lady-beetle", "leather shoe": "mans-shoe",
    "lettuce": "leafy-green", "magnifying glass": "magnifying-glass-tilted-left", "motorboat": "motor-boat",
    "mushroom": "brown-mushroom", "noodles": "steaming-bowl", "ocean liner": "ship", "peanut": "peanuts",
    "propeller plane": "small-airplane", "pufferfish": "blowfish", "railway carriage": "railway-car",
    "rice": "cooked-rice", "ruler": "straight-ruler", "salad": "green-salad", "sandal": "womans-sandal",
    "sheep": "ewe", "sleeveless shirt": "running-shirt", "sneaker": "running-shoe", "snow cone": "shaved-ice",
    "steak": "cut-of-meat", "steam locomotive": "locomotive", "streetcar": "tram-car", "subway train": "metro",
    "sun hat": "womans-hat", "SUV": "sport-utility-vehicle", "sweet potato": "roasted-sweet-potato",
    "swimsuit": "one-piece-swimsuit", "trench coat": "coat", "underpants": "briefs", "van": "minibus",
    "wheelchair": "manual-wheelchair",
}  # fmt: skip
OVERSAMPLING = 4
FAINT = 8  # alpha below which a pixel counts as transparent
COLORS = 255  # of a picture's palette; entry 255 is transparent
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'viewBox="0 0 {width} {height}">{body}</svg>'
)

Pixels = NDArray[np.uint8]


def drawing(icons: Mapping[str, Any], name: str) -> Image.Image:
    """Rasterise an icon of an Iconify set on a square canvas, several times as large as a picture."""
    icon = icons["icons"].get(name)
    if icon is None:
        raise SpurgenError(f"no icon {name!r} in the set {icons.get('prefix')!r}; correct ICONS in tools/things.py")
    sides = {side: icon.get(side, icons.get(side, 16)) for side in ("width", "height")}
    svg = SVG.format(body=icon["body"], **sides)
    side = SIDE * OVERSAMPLING
    return Image.open(io.BytesIO(svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True)))


def framed(drawn: Image.Image) -> Pixels:
    """Crop a drawing to its visible pixels and centre it, its longer side SIDE - 2: RGBA, uint8 (SIDE, SIDE, 4)."""
    left, top, right, bottom = _extent(np.asarray(drawn.convert("RGBA")))
    crop = drawn.convert("RGBa").crop((left, top, right, bottom))  # premultiplied, lest edges darken
    scale = (SIDE - 2) / max(crop.size)
    width, height = (max(1, round(length * scale)) for length in crop.size)
    picture = Image.new("RGBA", (SIDE, SIDE))
    small = crop.resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")
    picture.paste(small, ((SIDE - width) // 2, (SIDE - height) // 2))
    pixels = np.array(picture)
    pixels[pixels[..., 3] < FAINT] = 0
    return pixels


def _extent(pixels: Pixels) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the visible pixels, the last two exclusive."""
    visible = pixels[..., 3] >= FAINT
    rows, columns = np.flatnonzero(visible.any(1)), np.flatnonzero(visible.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def indexed(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """Return a palette, uint8 (256, 4), and each pixel's entry, uint8 (SIDE, SIDE); transparent pixels have entry 255.

    A picture's gradients need few colours, and their indices compress to a fifth of what its colours take.
    """
    reduced = Image.fromarray(pixels).quantize(COLORS, Image.Quantize.FASTOCTREE, kmeans=3)
    palette = np.zeros((256, 4), np.uint8)
    entries = np.array(reduced.getpalette("RGBA"), np.uint8).reshape(-1, 4)
    palette[: len(entries)] = entries
    palette[COLORS:] = 0
    palette[palette[:, 3] < FAINT] = 0
    return palette, np.where(pixels[..., 3] == 0, COLORS, np.asarray(reduced)).astype(np.uint8)


def pack(pictures: Iterable[Pixels]) -> bytes:
    """Return the file that `read_pictures` decodes."""
    palettes, indices = zip(*map(indexed, pictures), strict=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, palettes=np.stack(palettes), indices=np.stack(indices))
    return buffer.getvalue()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the script's flags."""
    parser.add_argument("--icons", type=Path, required=True, metavar="FILE", help="icons.json of @iconify-json/noto")
    add_out(parser, "file of the pictures", PICTURES)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the pictures into the file `--out`."""
    try:
        icons = json.loads(arguments.icons.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpurgenError(f"cannot read {arguments.icons}: {error}; give icons.json of @iconify-json/noto") from None
    names = [thing.name for thing in THINGS if thing.pictured]
    content = pack(framed(drawing(icons, ICONS.get(name, name.lower().replace(" ", "-")))) for name in names)
    write_atomically(arguments.out, content)
    digest = hashlib.sha256(read_pictures(arguments.out).tobytes()).hexdigest()
    say(console, f"wrote {len(names)} pictures to {arguments.out}, {len(content):,} bytes")
    if digest != PICTURES_SHA256:
        say(
            console,
            f'they differ from the frozen ones; in generators/things/nouns.py, set PICTURES_SHA256 = "{digest}"',
        )
    return 0


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
