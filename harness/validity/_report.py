"""The report as a whole: every test's section as Markdown, JSON and plots."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Protocol, cast

from pydantic_core import to_jsonable_python

from spurgen.benchmark.plugins import discover
from spurgen.harness.board.export import shortened
from spurgen.harness.machine.plotting import styled, to_png
from spurgen.harness.validity._rows import RankedSuite
from spurgen.harness.validity._section import Section

SCHEMA_VERSION = 6
TESTS = "spurgen.harness.validity"
OPENING = "cannot_show"  # stands before the verdicts
Sections = Mapping[str, Section]


class ValidityTest(Protocol):
    """A test module, as the package's docstring describes it."""

    __doc__: str | None
    PLACE: int
    TITLE: str

    def examine(self, suite: RankedSuite) -> Section:
        """Run the test."""


def discover_tests() -> dict[str, ValidityTest]:
    """Return the tests in the order of the report."""
    modules = cast("dict[str, ValidityTest]", discover(TESTS))
    return dict(sorted(modules.items(), key=lambda item: item[1].PLACE))


def examine(suite: RankedSuite) -> Sections:
    """Run every test; one without its rows lists them in `missing`."""
    return {name: test.examine(suite) for name, test in discover_tests().items()}


def to_json(sections: Sections) -> str:
    """Write the report as JSON; a NaN is an error."""
    content: dict[str, Any] = {"schema_version": SCHEMA_VERSION} | shortened(to_jsonable_python(sections))
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def to_markdown(suite: str, sections: Sections, plots: Collection[str]) -> str:
    """Write the report as Markdown, with links to the plots that were drawn."""
    parts = [
        f"# Is SpurGen {suite} any good?",
        "Written by `spurgen validity` from the rows alone; the same in `validity.json`.",
    ]
    for name, test in discover_tests().items():
        parts += [f"## {test.TITLE}", (test.__doc__ or "").strip(), sections[name].tables()]
        parts += ["## Verdicts", summary(sections)] if name == OPENING else []
        parts += [f"![{test.TITLE}]({name}.png)"] if name in plots else []
        missing = [f"- {line}" for line in sections[name].missing]
        parts += ["\n".join(["Missing:", "", *missing])] if missing else []
    return "\n\n".join(parts) + "\n"


def summary(sections: Sections) -> str:
    """Write a line per test: its claim, whether that holds, its main metrics, and what else may be concluded."""
    return "\n".join(
        f"- {test.TITLE}: {sections[name].verdict}. {_concluded(sections[name])}".rstrip()
        for name, test in discover_tests().items()
        if name != OPENING
    )


def _concluded(section: Section) -> str:
    still = f" {section.STILL}" if section.passed is False else ""
    return section.summary() + still


def draw(sections: Sections) -> dict[str, bytes]:
    """Draw every test that has metrics: name -> PNG."""
    with styled():
        plots = {name: section.plot() for name, section in sections.items()}
    return {name: to_png(plot) for name, plot in plots.items() if plot}
