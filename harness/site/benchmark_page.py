"""The page about the benchmark: what it does not show, its validity, the moles, and the ideal observer."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from spurgen.harness.site.markdown import Block, blocks, sections
from spurgen.harness.site.material import Material
from spurgen.harness.site.moles import moles
from spurgen.harness.validity.cannot_show import TITLE as CANNOT_SHOW

VERDICTS = "Verdicts"
MEASURED = "measured"  # begins the verdict of a test without a threshold


def benchmark_page(material: Material) -> dict[str, object]:
    """Return what the template of the page shows."""
    parts = _parts(material)
    tests = {title: part for title, part in parts.items() if title not in (CANNOT_SHOW, VERDICTS)}
    return {
        "cannot_show": [block for block in parts.get(CANNOT_SHOW, []) if block.kind == "list"],
        "verdicts": verdicts(parts),
        "tests": tests,
        "moles": moles(material),
        "archived": material.suite.archived,
    }


def short_verdicts(material: Material) -> list[tuple[Markup, Markup]]:
    """Return the verdicts of the validity tests that have a threshold, without their reasons."""
    found = [(title, rest.partition(".")[0]) for title, rest in verdicts(_parts(material))]
    return [(title, verdict) for title, verdict in found if not verdict.startswith(MEASURED)]


def _parts(material: Material) -> dict[str, list[Block]]:
    return sections(blocks(material.validity)) if material.validity else {}


def verdicts(parts: Mapping[str, Sequence[Block]]) -> list[tuple[Markup, Markup]]:
    """Return every verdict's title, the heading of a part of the report, and what follows it."""
    lines = [line for block in parts.get(VERDICTS, []) for line in block.lines]
    titles = [escape(title) for title in parts]
    return [
        (title, Markup(line.removeprefix(f"{title}: ")))
        for line in lines
        for title in titles
        if line.startswith(f"{title}: ")
    ]
