"""Pictures of the world of things: a thing before a wall."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.atlas import ONE
from spurgen.generators.scene import Canvas, Int64, Stamp
from spurgen.generators.streams import signed, uniform_int
from spurgen.generators.things import stamps
from spurgen.generators.things.nouns import THINGS
from spurgen.generators.things.shortcuts import SHORTCUTS

if TYPE_CHECKING:
    from spurgen.generators.things.world import ThingsWorld

SIDE = 76 * ONE // 100  # of a thing, of the canvas's side
LEAN = 90  # in 1/4096 turns
_PICTURE = np.cumsum([thing.pictured for thing in THINGS]) - 1  # of each thing that has one


def paint(world: "ThingsWorld", split: str, place: Int64, things: Int64, values: dict[str, Int64]) -> NDArray[np.uint8]:
    """Render n pictures, uint8 (n, S, S, 3)."""
    ladder = world.ladder
    pose = world.words(split, "pose", place, 2)
    count = len(place)
    scene = Canvas(ladder.image_size, count, pose[:, 0])
    scene.wall = (150 + signed(pose[:, 1], 45))[:, None] + np.zeros((count, 3), np.int64)
    for name, kind in SHORTCUTS.items():
        if kind.paint is not None and ladder.shortcuts.get(name, "caption") != "caption":
            look = world.looks[name][values[name]]
            kind.paint(scene, look, lambda blocks, name=name: world.words(split, f"paint/{name}", place, blocks))
    scene.stamp = Stamp(
        stamps.things(),
        _PICTURE[things],
        ONE // 2 + signed(pose[:, 2], ONE * 4 // 100),
        ONE // 2 + signed(pose[:, 3], ONE * 4 // 100),
        stamps.enlarged(SIDE * (1000 + signed(pose[:, 4], 80)) // 1000),
        signed(pose[:, 5], LEAN),
        uniform_int(pose[:, 6], 2) == 1,
    )
    return scene.draw()
