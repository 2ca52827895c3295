"""The page about the benchmark: what it does not show, its validity, the moles, and the ideal observer."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from spurgen.harness.site.markdown import Block, blocks, sections
from spurgen.harness.site.material import Material
from spurgen.harness.site.moles import moles
from spurgen.harness.site.names import shown

CANNOT_SHOW = "What this report cannot show"
VERDICTS = "Verdicts"
FAILED, MISSED = "does not hold", "Missed: "
LONGEST = 170  # characters of a reason on the first page
INTERVAL = re.compile(r" \(-?[\d.]+ to -?[\d.]+\)")
MEASURED = "measured"  # begins the verdict of a test without a threshold


class Verdict(NamedTuple):
    """A verdict of the validity report: the claim of its test, whether it holds, and why."""

    title: Markup
    word: Markup
    reason: Markup

    @property
    def short(self) -> str:
        """What a failed test missed, or else how its reason begins, without intervals; empty if it holds."""
        text = self.reason.striptags()
        _, missed, what = text.partition(MISSED)
        first = INTERVAL.sub("", missed + what or text.partition(". ")[0]).rstrip(".")
        why = first if len(first) <= LONGEST else first.partition(";")[0]
        return f"{why}." if FAILED in self.word and len(why) <= LONGEST else ""


def benchmark_page(material: Material) -> dict[str, object]:
    """Return what the template of the page shows."""
    parts = _parts(material)
    tests = {title: part for title, part in parts.items() if title not in (CANNOT_SHOW, VERDICTS)}
    return {
        "cannot_show": [block for block in parts.get(CANNOT_SHOW, []) if block.kind == "list"],
        "verdicts": verdicts(parts),
        "tests": tests,
        "moles": moles(material),
        "pages": {shown(label): page for label, page in material.pages.items()},
    }


def short_verdicts(material: Material) -> list[Verdict]:
    """Return the verdicts of the validity tests that have a threshold."""
    return [found for found in verdicts(_parts(material)) if not found.word.startswith(MEASURED)]


def _parts(material: Material) -> dict[str, list[Block]]:
    return sections(blocks(material.validity)) if material.validity else {}


def verdicts(parts: Mapping[str, Sequence[Block]]) -> list[Verdict]:
    """Return every verdict; its title is the heading of a part of the report."""
    lines = [line for block in parts.get(VERDICTS, []) for line in block.lines]
    titles = [escape(title) for title in parts]
    return [
        Verdict(title, *map(Markup, line.removeprefix(f"{title}: ").partition(". ")[::2]))
        for line in lines
        for title in titles
        if line.startswith(f"{title}: ")
    ]
