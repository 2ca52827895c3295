"""Tar files for `webdataset`: an image, a caption, a label and a JSON object per sample."""

import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from spurgen.harness.exports.images import encode
from spurgen.harness.exports.plan import Chunk, Column, Plan, Shard, columns_of_text, flat, rows_of

SUMMARY = "tar files for the library webdataset"
ENCODING = "application/x-tar"
LOADING = """\
import webdataset as wds

tars = "FOLDER/{part}-{numbers}-of-{count:05d}.tar"
samples = wds.WebDataset(tars, shardshuffle=False).decode("rgb8").to_tuple("png", "cls", "txt", "json")"""

BUFFER = 1 << 20
PREFIX = 80  # of the 100 bytes that a name may have
NAME, SIZE, CHECKSUM = 100, slice(124, 136), slice(148, 156)  # of the header of an entry, 512 bytes (POSIX.1, ustar)
PLAIN = tarfile.TarInfo("").tobuf(tarfile.USTAR_FORMAT)
PLAIN_SUM = sum(PLAIN) - sum(PLAIN[SIZE]) - sum(PLAIN[CHECKSUM]) + 8 * ord(" ")


def columns(plan: Plan) -> list[Column]:
    """Return the keys of a sample's JSON object."""
    return columns_of_text(plan.scenario)


def files(plan: Plan, shard: Shard) -> Iterator[str]:
    """Name the file of a shard."""
    del plan
    yield f"{shard.name}.tar"


def write(plan: Plan, shard: Shard, chunks: Iterable[Chunk], folder: Path) -> None:
    """Write a shard's file; the files in it have no times and owners, so that equal data make equal files."""
    names = [column.name for column in columns(plan)]
    prefix = flat(shard.part).replace(".", "_")[:PREFIX]  # a key ends at its first dot
    with open(folder.joinpath(*files(plan, shard)), "wb", BUFFER) as tar:
        for chunk in chunks:
            rows = rows_of(plan.scenario, chunk)
            images = encode(chunk.samples.images)
            for k, (row, image) in enumerate(zip(rows, images, strict=True), chunk.start):
                fields = dict(zip(names, row, strict=True))
                key = f"{prefix}-{k:09d}"
                tar.write(_entry(f"{key}.png", image))
                tar.write(_entry(f"{key}.cls", str(fields["label"]).encode()))
                tar.write(_entry(f"{key}.txt", fields["caption"].encode()))
                tar.write(_entry(f"{key}.json", json.dumps(fields).encode()))
        tar.write(bytes(2 * tarfile.BLOCKSIZE))  # the end


def _entry(name: str, content: bytes) -> bytes:
    """Return a file as an entry of a tar file; `tarfile` alone would take longer than drawing the image.

    The header has no time and no owner. Its checksum is the sum of its bytes, where its own 8 are spaces.
    """
    fields = name.encode().ljust(NAME, b"\0"), b"%011o\0" % len(content)
    checksum = b"%06o\0 " % (PLAIN_SUM + sum(map(sum, fields)))
    header = b"".join((fields[0], PLAIN[NAME : SIZE.start], fields[1], PLAIN[SIZE.stop : CHECKSUM.start], checksum))
    return header + PLAIN[CHECKSUM.stop :] + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def card(plan: Plan) -> dict[str, str]:
    """Return the files of every part."""
    return {part: f"{plan.pattern(part)}.tar" for part in plan.parts}
