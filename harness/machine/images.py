"""Open images that may be damaged or forged: of common formats, of a limited size, and whole."""

import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from spurgen.benchmark.errors import MissingError, ReadError, SpurgenError
from spurgen.benchmark.reading import open_plain

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # of others, Pillow gives some to other programs
FILE_BYTES = 1 << 28
PIXELS = 1 << 26  # reading as many takes up to .7 GB
PIECE = 1 << 16
GROUND = "white"  # behind what is transparent
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Adam7: the first column and row of each pass of an interlaced PNG, and the steps between its columns and rows."""
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by PNG's type of colour


def below(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder; raise `SpurgenError` for a name that leads out of it."""
    path = folder / name
    if ".." in Path(name).parts or not Path(os.path.abspath(path)).is_relative_to(os.path.abspath(folder)):
        raise SpurgenError(f"{name} leads out of {folder}; name files below that folder, without ..")
    return path


@contextmanager
def open_image(path: Path, at_most: int = FILE_BYTES) -> Iterator[Image.Image]:
    """Open an image of at most `at_most` bytes, whose pixels are not read yet.

    Raises `MissingError` if there is no file, and `ReadError` if it is no image of one of the `FORMATS`, is cut, has
    several pictures, has more than `PIXELS` pixels, or, on reading the pixels, if they are damaged.
    """
    try:
        with open_plain(path, at_most) as file, warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")  # of sizes above the limit here, and of damaged EXIF data
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > PIXELS:
                    size = f"it has {image.width:,} x {image.height:,} pixels, at most {PIXELS:,} are read"
                    raise _refusal(path, size, "scale it down")
                if image.format != "MPO" and getattr(image, "is_animated", False):  # MPO: a camera's, with previews
                    raise _refusal(path, "it has several pictures", "save one of them")
                if image.format == "PNG":
                    _check_whole(file)
                yield image
    except UnidentifiedImageError:
        raise _refusal(path, f"it is none of the formats {', '.join(FORMATS)}") from None
    except (MissingError, ReadError):
        raise
    except (OSError, ValueError, SyntaxError, struct.error, zlib.error, Image.DecompressionBombError) as error:
        raise _refusal(path, str(error)) from None


def read_image(path: Path) -> Image.Image:
    """Return an image as RGB, upright, on a white ground where it is transparent; raise as `open_image` does."""
    with open_image(path) as image:
        ImageOps.exif_transpose(image, in_place=True)
        if image.has_transparency_data:
            shown = image if image.mode == "RGBA" else image.convert("RGBA")
            ground = Image.new("RGB", image.size, GROUND)
            ground.paste(shown, mask=shown.getchannel("A"))
            return ground
        image.load()
        return image if image.mode == "RGB" else _in_eight_bits(image).convert("RGB")


def _refusal(path: Path, reason: str, cure: str = "save it as PNG or JPEG") -> ReadError:
    return ReadError(f"cannot read the image {path}: {reason}; {cure}, or leave its line out")


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Convert an image of 16 bits to 8, where Pillow would clip; raise `ValueError` for pixels that are not bytes."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image, dtype=np.uint16) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"its pixels are numbers of 32 bits (mode {image.mode}), expected 8 or 16")
    return image


def _check_whole(file: BufferedReader) -> None:
    """Raise `ValueError` if a PNG has no end or too few rows, which Pillow would show as black; keep the position."""
    start, unpacked = file.tell(), zlib.decompressobj()
    kind, expected, found = b"", 0, 0
    file.seek(8)
    while kind != b"IEND" and len(head := file.read(8)) == 8:
        left, kind = struct.unpack(">I4s", head)
        if kind == b"IHDR":
            expected = _unpacked_bytes(file.read(left))
            left = 0
        while kind == b"IDAT" and found < expected and (content := file.read(min(left, PIECE))):
            left -= len(content)
            while content and found < expected:
                found += len(unpacked.decompress(content, 16 * PIECE))
                content = unpacked.unconsumed_tail
        file.seek(left + 4, os.SEEK_CUR)
    file.seek(start)
    if kind != b"IEND" or found < expected:
        raise ValueError("it is cut: pixels or its end are missing")


def _unpacked_bytes(header: bytes) -> int:
    """Return how many bytes the rows of a PNG take before they are compressed, by the content of its header."""
    width, height, depth, colour, *_, interlaced = struct.unpack(">IIBBBBB", header[:13])
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes]
    bits = depth * CHANNELS.get(colour, 0)
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns > 0)
