import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spurgen.benchmark.errors import ReadError, SpurgenError
from spurgen.harness.machine.images import below, read_image

PIXELS = np.random.default_rng(0).integers(1, 256, (11, 13, 3), dtype=np.uint8)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(rows, width=13, height=11, interlaced=0):
    """Return a PNG of RGB whose rows, as bytes with their filters, may be fewer than its header says."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def written(tmp_path, content, name="x.png") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_formats_are_recognised_by_their_content(kind, tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS // 255 * 255).save(buffer, kind, lossless=True)
    shown = np.asarray(read_image(written(tmp_path, buffer.getvalue(), "x.jpg")))
    np.testing.assert_array_equal(shown, PIXELS // 255 * 255)


def test_no_other_program_reads_a_file(tmp_path, monkeypatch):
    script = written(tmp_path, b"#!/bin/sh\ntouch ran\nexit 1\n", "gs")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n")
    with pytest.raises(ReadError, match=r"x\.png: it is none of the formats PNG, JPEG, .*; save it as PNG or JPEG, or"):
        read_image(path)
    assert not Path("ran").exists()


def test_the_size_is_checked_before_pixels_are_read(tmp_path):
    path = written(tmp_path, png(b"", 13000, 13000))
    with pytest.raises(ReadError, match=r"x\.png: it has 13,000 x 13,000 pixels, at most 67,108,864 .*; scale it down"):
        read_image(path)
    with pytest.raises(ReadError, match=r"cannot read the image .*decompression bomb"):
        read_image(written(tmp_path, png(b"", 20000, 20000)))


def test_a_cut_png_is_not_taken_as_black(tmp_path):
    rows = b"".join(b"\0" + row.tobytes() for row in PIXELS)
    whole = png(rows)
    for content in (whole, whole[:-5]):  # of the latter no pixel is missing
        np.testing.assert_array_equal(np.asarray(read_image(written(tmp_path, content))), PIXELS)
    for content in (png(rows[:-1]), png(rows[:100]), whole[: len(whole) // 2], whole[:40]):
        with pytest.raises(ReadError, match=r"cannot read the image .*x\.png: "):
            read_image(written(tmp_path, content))


@pytest.mark.parametrize(("mode", "hidden"), [("RGBA", (200, 0, 0, 0)), ("LA", (0, 0))])
def test_what_is_transparent_is_white(mode, hidden, tmp_path):
    Image.new(mode, (4, 4), hidden).save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png").getpixel((0, 0)) == (255, 255, 255)
    Image.new("RGBA", (4, 4), (200, 0, 0, 51)).save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png").getpixel((0, 0)) == (244, 204, 204)  # a fifth of it
    Image.new("RGBA", (4, 4), (200, 9, 0, 255)).save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png").getpixel((0, 0)) == (200, 9, 0)
    Image.new("P", (4, 4), 1).save(tmp_path / "x.gif", transparency=1)
    assert read_image(tmp_path / "x.gif").getpixel((0, 0)) == (255, 255, 255)


def test_an_animation_is_no_picture(tmp_path):
    frames = [Image.new("L", (9, 9), level) for level in (0, 99)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(ReadError, match=r"x\.gif: it has several pictures; save one of them, or leave its line out"):
        read_image(tmp_path / "x.gif")


def test_damaged_images_are_refused_with_a_sentence(tmp_path):
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"):
        buffer = io.BytesIO()
        Image.fromarray(PIXELS).save(buffer, kind)
        for _ in range(40):
            damaged = bytearray(buffer.getvalue())
            damaged[rng.integers(min(len(damaged), 60))] = rng.integers(256)
            path = written(tmp_path, damaged[: rng.integers(1, len(damaged) + 1)])
            try:
                assert read_image(path).mode == "RGB"
            except ReadError as error:
                assert str(error).startswith(f"cannot read the image {path}: ")  # noqa: PT017  # some are still whole


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/etc/x.png", "a/.."])
def test_a_name_that_leaves_its_folder_is_refused(name, tmp_path):
    with pytest.raises(SpurgenError, match=r"leads out of .*; name files below that folder, without \.\."):
        below(tmp_path, name)


def test_names_below_a_folder_may_be_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert below(Path("data"), "a/x.png") == Path("data/a/x.png")
    assert below(Path("data"), str(tmp_path / "data" / "x.png")) == tmp_path / "data" / "x.png"
    assert below(Path("../data"), "x..png") == Path("../data/x..png")
