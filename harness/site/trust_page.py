"""The page `Can I trust it?`: the verdicts on the benchmark itself, and the validity report in full."""

from typing import NamedTuple

from markupsafe import Markup

from spurgen.harness.site.material import Material
from spurgen.harness.site.render import inline_markdown, markdown

VERDICTS = "## Verdicts"


class Verdict(NamedTuple):
    """What the report says of a question: its title, the verdict, and why."""

    title: str
    word: str
    reason: Markup


def trust_page(material: Material) -> dict[str, object]:
    """Return what the template of the page shows."""
    report = (material.validity or "").partition("\n## ")
    return {
        "verdicts": verdicts(material.validity or ""),
        "report": markdown(f"## {report[2]}") if report[1] else None,
    }


def verdicts(report: str) -> list[Verdict]:
    """Return the verdicts that a report lists: each begins with the heading of a part of it."""
    titles = [line.removeprefix("## ") for line in report.splitlines() if line.startswith("## ")]
    items = report.partition(f"{VERDICTS}\n")[2].partition("\n## ")[0].replace("\n  ", " ").splitlines()
    found = []
    for title, item in ((title, item) for item in items for title in titles if item.startswith(f"- {title}: ")):
        word, _, reason = item.removeprefix(f"- {title}: ").partition(". ")
        found.append(Verdict(title, word.replace("**", ""), inline_markdown(reason)))
    return found
