"""Open images that may be damaged or forged: of common formats, of a limited size, and whole, as Pillow checks."""

import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from spurgen.benchmark.errors import MissingError, ReadError, SpurgenError
from spurgen.benchmark.reading import open_plain

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # of others, Pillow gives some to other programs
FILE_BYTES = 1 << 28
PIXELS = 1 << 26  # reading as many takes up to .7 GB
GROUND = "white"  # behind what is transparent


def below(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder; raise `SpurgenError` for a name that leads out of it."""
    path = folder / name
    if ".." in Path(name).parts or not Path(os.path.abspath(path)).is_relative_to(os.path.abspath(folder)):
        raise SpurgenError(f"{name} leads out of {folder}; name files below that folder, without ..")
    return path


@contextmanager
def open_image(path: Path, at_most: int = FILE_BYTES) -> Iterator[Image.Image]:
    """Open an image of at most `at_most` bytes, whose pixels are not read yet.

    Raises `MissingError` if there is no file, and `ReadError` if it is no image of one of the `FORMATS`, has several
    pictures, has more than `PIXELS` pixels, or, on reading the pixels, if they are damaged or cut.
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
