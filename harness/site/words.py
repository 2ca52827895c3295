"""The words of the pages: what methods were given, shortcuts in a sentence, numbers."""

from collections.abc import Mapping, Sequence

from spurgen.benchmark.task import Rung
from spurgen.generators.ladder.shortcuts import SHORTCUTS
from spurgen.generators.ladder.world import make_world
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.markdown import SYNTHETIC
from spurgen.harness.board.methods import short_name
from spurgen.harness.board.placing import GIVEN
from spurgen.harness.machine.printing import and_list
from spurgen.harness.site.names import shown

ALL = "all"
"""Name of all shortcuts together, beside those of single ones."""
WHAT = {"hue": "the wall's hue", "wall": "the wall's pattern", "light": "the light", "mark": "the mark in the corner",
        "place": "the place"}  # fmt: skip
"""Descriptions of the shortcuts."""


def given(access: str) -> str:
    """Return what training was given besides inputs in an access tier."""
    return f"{shown(GIVEN.get(access, access))}{', which no real data have' if access == SYNTHETIC else ''}"


def percent(value: float) -> str:
    """Return a share in percent, without decimals, on one line."""
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def what(shortcuts: Sequence[str]) -> str:
    """Return descriptions of shortcuts, as a list in words."""
    return and_list([WHAT.get(name, name) for name in shortcuts])


def look(rung: Rung, name: str, value: int) -> str:
    """Return a shortcut's value in a rung's world, in words."""
    number = int(make_world(rung.ladder).looks[name][value])
    shortcut = SHORTCUTS[name]
    return (shortcut.phrases or shortcut.values)[number]


def because(rung: Rung, changed: str, value: int) -> str:
    """Return the new look of a changed shortcut, or of all: `of the red brick wall near the station`."""
    names = rung.channels if changed == ALL else (changed,)
    seen = {name: look(rung, name, value) for name in names}
    wall = " ".join(seen[name] for name in ("hue", "wall") if name in seen)
    if wall and "wall" not in seen:
        wall += " wall"
    if wall:
        return f"of the {wall}"
    return f"it is {seen['place']}" if "place" in seen else f"of {WHAT.get(names[0], names[0])}"


def spoken_name(label: str, full_names: Mapping[str, str]) -> str:
    """Return a row's name in a sentence: ERM, a method's full name in short, or its label."""
    return "ERM" if label == ERM else short_name(full_names[label]) if label in full_names else label
