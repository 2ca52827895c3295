"""A model's results in context, beside the exact learner and probes, as a report; the numbers of stored ones."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spurgen.benchmark.errors import ReadError, shortened
from spurgen.harness.board.columns import MEAN_AT, Record
from spurgen.harness.board.report import Report, Table, read_report
from spurgen.harness.context.episodes import LADDER, RUNGS, SCHEMES, SHOWN, STATES, Scores
from spurgen.harness.machine.printing import and_list, as_markdown, one_line
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.store import IN_CONTEXT, SHIPPED
from spurgen.harness.statistics.needed import Goal, in_words, needed

EXACT = "exact Bayes"
"""The name of the ideal observer among learners."""
THRESHOLD = 0.9
GOAL = Goal(RUNGS[1:], THRESHOLD)
TITLES = {"arbitrary": "A/B", "named": "names"}
MEANS = tuple(f"{MEAN_AT}{m}" for m in RUNGS)
_NUMBER = rf"<={RUNGS[1]}|>{RUNGS[-1]}|[1-9]\d?"  # counterexamples needed, as `Needed.text` writes them
NEEDED = re.compile(rf"({_NUMBER})( \[({_NUMBER}), ({_NUMBER})\])?", re.ASCII)
Learners = Mapping[str, Mapping[str, Scores]]
"""The scores of learners by the kinds of labels that they were shown; no kind is an empty name."""


def report_of(model: str, source: Mapping[str, Any], learners: Learners) -> Report:
    """Return the report on a model, which is among the learners: where it ran, and all log-odds.

    Every line follows from the log-odds.
    """
    parts: list[Table | str] = []
    for kind, scores in learners[model].items():
        lines = [*_lines(model, kind, scores)]
        title = f"{one_line(model)}, labels: {TITLES[kind]}"
        parts.append(Table("lines", lines, ("measure", *MEANS, "counterexamples"), title))
    others = [line for name, kinds in learners.items() if name != model for line in _lines(name, "", kinds[""])]
    parts.append(Table("lines", others, ("model", *MEANS, "counterexamples"), "Pairs of learners beside it"))
    kept = [
        {"model": name, "labels": kind or None, "second": scores.second.tolist(), "odds": _rounded(scores.odds)}
        for name, kinds in learners.items() for kind, scores in kinds.items()
    ]  # fmt: skip
    about = {
        "task": LADDER.name, "world": LADDER.digest, "model": model, "source": dict(source),
        "episodes": len(kept[0]["second"]), "demonstrations": SHOWN, "rungs": RUNGS, "states": STATES,
        "threshold": THRESHOLD, "log_odds": kept,
    }  # fmt: skip
    numbers = {TITLES[kind]: needed(scores.pairs("mislead")[:, 1:], GOAL) for kind, scores in learners[model].items()}
    each = and_list([f"{in_words(number.text)} ({title})" for title, number in numbers.items()])
    sentence = (
        f"For {THRESHOLD:.0%} of pairs, {as_markdown(model)} needs {each} counterexamples among {SHOWN} demonstrations."
    )
    return Report("ask", f"{as_markdown(model)} in context", sentence, parts, about=about)


def _lines(learner: str, kind: str, scores: Scores) -> Iterator[Record]:
    """Yield a line per measure: means over episodes by rung, and the counterexamples needed where it has them."""

    def line(measure: str, values: Float64, *, counted: bool = False) -> Record:
        means = [None if np.isnan(mean) else round(mean, 4) for mean in values.mean(axis=0).tolist()]
        known = counted and bool(np.isfinite(values).all())
        number = needed(values[:, 1:], GOAL).text if known else None
        return {
            "model": learner, "labels": kind or None, "measure": measure, **dict(zip(MEANS, means, strict=True)),
            "counterexamples_text": number,
        }  # fmt: skip

    yield line("pairs", scores.pairs("mislead"), counted=True)
    if kind:  # a language model, whose answers can be biased
        yield line("answers", scores.answers(calibrated=False), counted=True)
        yield line("calibrated", scores.answers(calibrated=True), counted=True)
        yield line("margin, nats", scores.margins())
        yield line("pairs, agree", scores.pairs("agree"))
        yield line("pairs, neutral", scores.pairs("neutral"))


def _rounded(odds: Float64) -> list[Any]:
    """Return log-odds with four decimals, as nested lists; None where there is no answer."""
    return [[[None if np.isnan(x) else round(x, 4) for x in row] for row in rung] for rung in odds.tolist()]


def stored_models(results: Path) -> list[dict[tuple[str, str], str]]:
    """Return the counterexamples needed by pairs in each report of the package and of a folder of results.

    The numbers are texts by learner and kind of labels, such as `{("smollm2", "arbitrary"): "4 [3, 5]"}`. Raise
    `ReadError` for an invalid file.
    """
    files = {path.name: path for at in (SHIPPED, results) for path in sorted((at / IN_CONTEXT).glob("*.json"))}
    return [_stored(path) for path in files.values()]


def _stored(path: Path) -> dict[tuple[str, str], str]:
    found = {}
    for line in read_report(path, "ask").lines("lines"):
        name, kind, text = line.get("model", ""), line.get("labels", ""), line.get("counterexamples_text")
        if line.get("measure") != "pairs" or text is None:
            continue
        if kind and kind not in SCHEMES:
            raise ReadError(f"{path} is no report of spurgen ask: there are no labels {shortened(kind)}")
        if not NEEDED.fullmatch(text):
            wanted = "counterexamples such as 4, 4 [3, >16] or <=1"
            raise ReadError(f"{path} is no report of spurgen ask: expected {wanted}, not {shortened(text)}")
        found[one_line(name), kind] = text
    return found
