"""Scenes of ladders, made again by the generator: pictures named by their content, and captions."""

import hashlib
import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spurgen.benchmark.task import Rung
from spurgen.generators.ladder.world import sample_part

FOLDER = "pictures"
QUALITY = 60  # of WebP: a scene of 224 pixels takes 4 kB
Words = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Scene:
    """A sample as a page shows it: the path of its picture and the words of its caption, as its modality has them.

    `words`: each with whether it is marked. `label`: the category of its thing.
    """

    label: str
    picture: str | None = None
    words: Words = ()
    pixels: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)

    @property
    def caption(self) -> str:
        """The caption as text."""
        return " ".join(word for word, _ in self.words)


@dataclass
class Scenes:
    """The pictures that pages show, WebP by path from the site's folder, and the scenes made so far."""

    files: dict[str, bytes] = field(default_factory=dict)
    made: dict[tuple[str, str, str, int], Scene] = field(default_factory=dict)

    def scene(self, rung: Rung, part: str, index: int) -> Scene:
        """Return a sample of a part of a rung's world."""
        key = (rung.ladder.name, rung.modality, part, index)
        if key not in self.made:
            shows = {"images": rung.modality != "text", "captions": rung.modality != "image"}
            sample = sample_part(rung.ladder, part, [index], **shows)
            pixels = sample.images[0] if shows["images"] else None
            self.made[key] = Scene(
                rung.ladder.categories[int(sample.labels[0])],
                None if pixels is None else self._add(pixels),
                tuple((word, False) for word in sample.captions[0].split()) if shows["captions"] else (),
                pixels,
            )
        return self.made[key]

    def _add(self, pixels: NDArray[np.uint8]) -> str:
        name = f"{FOLDER}/{hashlib.sha256(pixels.tobytes()).hexdigest()[:16]}.webp"
        if name not in self.files:
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "WEBP", quality=QUALITY)
            self.files[name] = buffer.getvalue()
        return name


def marked(before: Words, after: Words) -> Words:
    """Return the words of a caption; a word is marked if another caption lacks it, at any place."""
    known = {_bare(word) for word, _ in before}
    return tuple((word, _bare(word) not in known) for word, _ in after)


def _bare(word: str) -> str:
    return word.strip(".,:?!").lower()
