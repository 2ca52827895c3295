"""The page `Can I trust it?`: the questions about the benchmark itself, with their verdicts and charts, and limits."""

import re
from typing import NamedTuple

from markupsafe import Markup

from spurgen.harness.site.figures import Figures, dark_too
from spurgen.harness.site.material import Material
from spurgen.harness.site.render import inline_markdown, markdown

VERDICTS = "## Verdicts"


class Verdict(NamedTuple):
    """The report's answer to a question: its title, the verdict, the reason, and the path of its chart, if any."""

    title: str
    word: str
    reason: Markup
    chart: str


def trust_page(material: Material, figures: Figures) -> dict[str, object]:
    """Return the content of the page's template."""
    text = material.validity or ""
    found = verdicts(text, set(material.charts))
    for each in found:
        if each.chart:
            figures.begin(each.chart, dark_too, material.charts[each.chart.rpartition("/")[2]])
    report = text.partition("\n## ")
    return {
        "verdicts": found,
        "mains": [name for name, climb in material.ladders.items() if climb.shown.role == "main"],
        "report": markdown(f"## {report[2]}") if report[1] else None,
        "worlds": max((climb.shown.scenario.worlds for climb in material.ladders.values()), default=0),
        "told_apart": [
            (name, board.told_apart)
            for name, board in material.board.tasks.items()
            if board.told_apart is not None and name in {climb.shown.name for climb in material.ladders.values()}
        ],
        "climbs": list(material.ladders.values()),
    }


def verdicts(report: str, charts: set[str]) -> list[Verdict]:
    """Return the verdicts that a report lists: each begins with the heading of a part of it, which may have a chart."""
    titles = [line.removeprefix("## ") for line in report.splitlines() if line.startswith("## ")]
    drawn = dict(re.findall(r"^!\[(.+)\]\(([\w-]+\.svg)\)$", report, re.MULTILINE))
    items = report.partition(f"{VERDICTS}\n")[2].partition("\n## ")[0].replace("\n  ", " ").splitlines()
    found = []
    for title, item in ((title, item) for item in items for title in titles if item.startswith(f"- {title}: ")):
        word, _, reason = item.removeprefix(f"- {title}: ").partition(". ")
        chart = f"figures/{drawn[title]}" if drawn.get(title) in charts else ""
        found.append(Verdict(title, word.replace("**", ""), inline_markdown(reason), chart))
    return found
