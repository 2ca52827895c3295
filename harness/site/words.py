"""The words of the pages: what methods were given, shortcuts in a sentence, numbers, and names of files."""

import hashlib
import re
from collections.abc import Mapping, Sequence

from spurgen.benchmark.task import Task
from spurgen.generators.world import world_of
from spurgen.harness.board.formats import APART, SYNTHETIC
from spurgen.harness.board.placing import ERM, GIVEN
from spurgen.harness.board.rows import short_name
from spurgen.harness.machine.printing import and_list, one_line

TOLD = {
    "none": "not told", "envs": "told environments, not which they are",
    "val_groups": "told which they are in val", "train_groups": "told which they are",
}  # fmt: skip
"""What training is told of counterexamples, by access tier; twins are another thing."""
ALL = "all"
"""Name of all shortcuts together, beside those of single ones."""
WHAT = {"hue": "the wall's hue", "wall": "the wall's pattern", "light": "the light", "mark": "the mark in the corner",
        "place": "the place", "tone": "the wall's tone", "texture": "the wall's texture",
        "badge": "the badge at the edge", "venue": "the venue", "event": "the event",
        "company": "the company"}  # fmt: skip
"""Descriptions of the shortcuts."""
EVERY = {2: "both", 3: "all three", 4: "all four", 5: "all five"}
LONGEST = 60
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)\d")  # names of devices on Windows
WITH_DIGEST = re.compile(r"(.*-)?[0-9a-f]{8}")  # names that another label may get


def given(access: str) -> str:
    """Return what training was given besides inputs in an access tier."""
    return f"{one_line(GIVEN.get(access, access))}{APART if access == SYNTHETIC else ''}"


def told(access: str) -> str:
    """Return what training was told of its counterexamples in an access tier."""
    return TOLD.get(access) or f"given {given(access)}"


def percent(value: float) -> str:
    """Return a share in percent, without decimals, on one line."""
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def what(shortcuts: Sequence[str]) -> str:
    """Return descriptions of shortcuts, as a list in words."""
    return and_list([WHAT.get(name, name) for name in shortcuts])


def because(rung: Task, changed: str, value: int) -> str:
    """Return the new look of a changed shortcut, `of the brick wall`, or that all of several changed."""
    if changed == ALL and len(rung.channels) > 1:
        return f"{EVERY.get(len(rung.channels), 'all')} shortcuts changed"
    name = rung.channels[0] if changed == ALL else changed
    seen = world_of(rung.scenario).phrase(name, value)
    if name in ("hue", "wall"):
        return f"of the {seen}{' wall' if name == 'hue' else ''}"
    return f"it is {seen}" if name == "place" else f"of {WHAT.get(name, name)}"


def spoken_name(label: str, full_names: Mapping[str, str]) -> str:
    """Return a row's name in a sentence: ERM, a method's full name in short, or its label."""
    return "ERM" if label == ERM else short_name(full_names[label]) if label in full_names else label


def file_name(label: str) -> str:
    """Return a name that is valid for files on every system and for addresses without escapes; it is unique per label.

    A label that is not such a name already is shortened and gets the start of its SHA-256.
    """
    plain = re.sub(r"[^a-z0-9_-]+", "-", label.lower()).strip("-")[:LONGEST]
    if plain and plain == label and not RESERVED.fullmatch(plain) and not WITH_DIGEST.fullmatch(plain):
        return plain
    digest = hashlib.sha256(label.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain}-{digest}" if plain else digest
