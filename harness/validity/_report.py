"""The report as a whole: results by test, as Markdown and as figures."""

from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

from spurgen.benchmark.plugins import discover
from spurgen.harness.board.bootstrap import one_thread
from spurgen.harness.machine.plotting import styled, to_png
from spurgen.harness.validity._rows import Evidence

TESTS = "spurgen.harness.validity"
VERDICTS = {True: "passed", False: "**failed**", None: "not judged yet, for want of rows"}
NOT_ASKED = "not asked: the suite has no task for it"


def tests() -> dict[str, ModuleType]:
    """Returns the tests in the order of the report."""
    return dict(sorted(discover(TESTS).items(), key=lambda item: item[1].PLACE))


@one_thread
def examine(evidence: Evidence) -> dict[str, Any]:
    """Runs every test: name -> result, ready for JSON; a test without its rows says so in `missing`."""
    return {name: test.examine(evidence) for name, test in tests().items()}


def to_markdown(suite: str, results: Mapping[str, Any], figures: Collection[str]) -> str:
    """Writes the report, a section a test, with links to the figures that were drawn."""
    parts = [
        f"# Is SpurGen {suite} any good?",
        "Written by `spurgen validity` from the rows alone; the same in `validity.json`.",
        summary(results),
    ]
    for name, test in tests().items():
        parts += [f"## {test.TITLE}", (test.__doc__ or "").strip(), test.tell(results[name])]
        parts += [f"![{test.TITLE}]({name}.png)"] if name in figures else []
        missing = [f"- {line}" for line in results[name]["missing"]]
        parts += ["\n".join(["Not there yet:", "", *missing])] if missing else []
    return "\n\n".join(parts) + "\n"


def summary(results: Mapping[str, Any]) -> str:
    """Writes a line a test: how it came out, and its figures in a sentence."""
    lines = []
    for name, test in tests().items():
        figures = test.sum_up(results[name])
        lines.append(f"- {test.TITLE}: {_verdict(test, results[name])}. {figures}".rstrip())
    return "\n".join(lines)


def _verdict(test: ModuleType, result: Mapping[str, Any]) -> str:
    """Says whether a test passed; one that has nothing to pass is a measurement."""
    if not test.JUDGED:
        return "a measurement, nothing to pass"
    return NOT_ASKED if not result["tasks"] and not result["missing"] else VERDICTS[result["passed"]]


def draw(results: Mapping[str, Any]) -> dict[str, bytes]:
    """Draws every test that has something to draw: name -> PNG."""
    with styled():
        drawn = {name: test.draw(results[name]) for name, test in tests().items()}
    return {name: to_png(figure) for name, figure in drawn.items() if figure}
