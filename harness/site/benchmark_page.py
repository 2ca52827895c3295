"""The page about the benchmark: what it does not show, its validity, the moles, and the ideal observer."""

from markupsafe import Markup

from spurgen.harness.site.markdown import blocks, sections
from spurgen.harness.site.material import Material
from spurgen.harness.site.moles import moles
from spurgen.harness.validity.cannot_show import TITLE as CANNOT_SHOW

VERDICTS = "Verdicts"


def benchmark_page(material: Material) -> dict[str, object]:
    """Return what the template of the page shows."""
    parts = sections(blocks(material.validity)) if material.validity else {}
    tests = {title: part for title, part in parts.items() if title not in (CANNOT_SHOW, VERDICTS)}
    return {
        "cannot_show": [block for block in parts.get(CANNOT_SHOW, []) if block.kind == "list"],
        "verdicts": [_titled(line) for block in parts.get(VERDICTS, []) for line in block.lines],
        "tests": tests,
        "moles": moles(material),
        "archived": material.suite.archived,
    }


def _titled(line: Markup) -> tuple[Markup, Markup]:
    """Return a verdict's title and what follows it."""
    title, _, rest = line.partition(": ")
    return title, rest
