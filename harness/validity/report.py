"""The report: every question's answer as JSON, Markdown and plots, by one template."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from matplotlib.figure import Figure
from pydantic_core import to_jsonable_python

from spurgen.harness.board.columns import Line, number
from spurgen.harness.board.schema import SCHEMA_VERSION
from spurgen.harness.machine.printing import as_markdown, markdown_table, p_text
from spurgen.harness.statistics.estimate import ENDS
from spurgen.harness.validity.agreement import published_spearman, spearman
from spurgen.harness.validity.differences import minimum_detectable_difference, tiers, whac_a_mole
from spurgen.harness.validity.halves import halves
from spurgen.harness.validity.ladders import entry_rules, number_needed
from spurgen.harness.validity.rankings import fine_tuned, reliability
from spurgen.harness.validity.suite import FAILS, Answer, RankedSuite

QUESTIONS = {
    each.name: each
    for each in (
        entry_rules, number_needed, halves, tiers, spearman, published_spearman, whac_a_mole,
        minimum_detectable_difference, reliability, fine_tuned,
    )
}  # fmt: skip
"""The questions, in the order of the report."""
MOST_LINES = 60  # of a table in Markdown, beyond which only some tasks are shown
Answers = Mapping[str, Answer]


def ask(suite: RankedSuite) -> Answers:
    """Ask every question; one without its rows lists them in `missing`."""
    return {name: question.examine(suite) for name, question in QUESTIONS.items()}


def draw(answers: Answers) -> dict[str, Figure]:
    """Draw every answer that has a plot."""
    return {name: answer.plot() for name, answer in answers.items() if answer.plot}


def to_json(answers: Answers) -> str:
    """Write the report as JSON, a record a line; a NaN is an error, and floats have eight significant digits."""
    parts = []
    for name, answer in answers.items():
        about = {"title": QUESTIONS[name].title, "verdict": answer.verdict, "summary": answer.summary}
        lines = [f'  "{key}": {_dumped(value)},' for key, value in (about | {"missing": answer.missing}).items()]
        tables = [
            f"   {_dumped(title)}: [\n" + ",\n".join(f"    {_dumped(record)}" for record in records) + "\n   ]"
            for title, records in answer.tables.items()
        ]
        body = "\n".join([*lines, '  "tables": {', *([",\n".join(tables)] if tables else []), "  }"])
        parts.append(f' "{name}": {{\n{body}\n }}')
    return f'{{\n "schema_version": {SCHEMA_VERSION},\n' + ",\n".join(parts) + "\n}\n"


def _dumped(value: object) -> str:
    return json.dumps(_shortened(to_jsonable_python(value)), allow_nan=False)


def _shortened(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Round every float to eight significant digits: the rest differs between machines."""
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value


def to_markdown(suite: RankedSuite, answers: Answers, plots: Collection[str] = ()) -> str:
    """Write the report as Markdown, with links to the plots that were drawn."""
    parts = [
        f"# Is SpurGen {suite.suite.name} any good?",
        f"`spurgen validity` made this from the rows alone. All figures are in `validity.json`. {_order(suite)}",
        "## Verdicts",
        "\n".join(
            f"- {QUESTIONS[name].title}: {_word(answer)}. {answer.summary}".rstrip() for name, answer in answers.items()
        ),
    ]
    for name, answer in answers.items():
        question = QUESTIONS[name]
        parts += [f"## {question.title}", question.about]
        parts += [question.still] if answer.verdict == FAILS else []
        parts += [part for title, records in answer.tables.items() for part in _table(title, records, answer.shown)]
        parts += [f"![{question.title}]({name}.svg)"] if name in plots else []
        parts += ["\n".join(["Missing:", "", *(f"- {line}" for line in answer.missing)])] if answer.missing else []
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(suite: RankedSuite, answers: Answers) -> str:
    """Write a table of the questions with their verdicts and numbers, as Markdown."""
    lines = [
        {"Question": QUESTIONS[name].title, "Verdict": _word(answer), "Numbers": answer.summary}
        for name, answer in answers.items()
    ]
    return f"{_order(suite)}\n\n{_narrow(lines)}"


def _order(suite: RankedSuite) -> str:
    return f"Numbers between slashes are of {' / '.join(map(as_markdown, suite.main))}, one number is of each."


def _word(answer: Answer) -> str:
    return f"**{answer.verdict}**" if answer.verdict == FAILS else answer.verdict


def _table(title: str, records: Sequence[Line], shown: Collection[str]) -> list[str]:
    """Return the blocks of a table; of a long one, only the lines of the tasks in `shown`."""
    lines = [r for r in records if len(records) <= MOST_LINES or r.get("task", "") in ("", *shown)]
    if not lines:
        return []
    left = len(records) - len(lines)
    more = [f"{left} lines on other tasks are in `validity.json`."] if left else []
    columns = list(dict.fromkeys(key for line in lines for key in line if not key.endswith(ENDS)))
    filled = [key for key in columns if any(line.get(key) not in (None, "") for line in lines)]
    cells = [{_title(key): _cell(line, key) for key in filled} for line in lines]
    return [f"### {title}", _narrow(cells), *more]


def _narrow(lines: Sequence[Mapping[str, str]]) -> str:
    """Return a Markdown table without the spaces that align its columns: with them it is twice as long."""
    return re.sub(r" {2,}", " ", markdown_table(lines))


def _title(key: str) -> str:
    words = key.replace("_", " ")
    return as_markdown(words[:1].upper() + words[1:])


def _cell(record: Line, key: str) -> str:
    value = record.get(key)
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return p_text(value) if key == "p" or key.startswith("p_") else number(record, key, ".3f", interval=True)
    if isinstance(value, str | int):
        return as_markdown(str(value))
    return ", ".join(as_markdown(str(each)) for each in cast("Sequence[object]", value)) or "none"
