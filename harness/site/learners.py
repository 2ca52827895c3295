"""Everything that has a number of counterexamples needed: rows of ladders, cards of encoders, models in context.

A ladder counts up to three quarters of its ceiling; in context, few demonstrations are shown and another threshold
holds, so that the numbers stand on a scale of their own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from spurgen.benchmark.suite import DEFAULT_SUITE, Suite
from spurgen.benchmark.task import Rung
from spurgen.harness.board.frame import lines_of
from spurgen.harness.board.methods import short_name
from spurgen.harness.board.overview import HEADLINE
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.context.episodes import RUNGS, SHOWN
from spurgen.harness.context.report import EXACT, THRESHOLD, TITLES, stored_models
from spurgen.harness.plots.needed import Group, Learner, Scale, places
from spurgen.harness.public.card import ALL, MODALITIES, stored_cards


def learners(suite: Suite, board: Leaderboard, names: Mapping[str, str], results: Path) -> list[Group]:
    """Return all learners: a linear head, a whole encoder, a head on another encoder, a model in context.

    `names`: of rows by label. `results`: a folder of rows, whose models in context count beside the package's.
    """
    rungs = [task for task in suite.tasks.values() if isinstance(task, Rung) and task.counterexamples]
    tuned = [rung for rung in rungs if rung.backbone == "finetuned"]
    heads = [rung for rung in rungs if rung.role == "main"]
    numbers = [rung.counterexamples for rung in heads] or [1]
    among = min((rung.ladder.train for rung in heads), default=0)
    title = f"counterexamples needed, among {among:,} samples, for 3/4 of the ceiling; open: beyond the rungs"
    scale = Scale(title, min(numbers), max(numbers))
    groups = [
        _rows("Frozen encoder, by method", scale, heads, board, names, HEADLINE),
        _rows("Trained encoder, by method", scale, tuned, board, names),
    ]
    if suite.name == DEFAULT_SUITE:  # cards are of its ladders, and models are asked about its things
        groups += [_cards(scale), _models(results)]
    return [group._replace(learners=sorted(group.learners, key=_first)) for group in groups if group.learners]


def _first(learner: Learner) -> float:
    return places(next(iter(learner.needed.values())))[0]


def _rows(
    title: str, scale: Scale, rungs: Sequence[Rung], board: Leaderboard, names: Mapping[str, str],
    labels: Sequence[str] = (),
) -> Group:  # fmt: skip
    """Return rows, by default all, on the ladders of these rungs."""
    found: dict[str, dict[str, str]] = {}
    worlds = []
    for name, modality in {rung.of: rung.modality for rung in rungs}.items():
        for line in lines_of(board.overall[name]) if name in board.overall else ():
            if line.get("counterexamples_text") and line["submission"] in (labels or [line["submission"]]):
                found.setdefault(line["submission"], {})[modality] = line["counterexamples_text"]
                worlds.append(line["units"])
    shown = [Learner(short_name(names.get(label, label)), needed) for label, needed in found.items()]
    return Group(f"{title}{_in(worlds)}", f"<={scale.least}", shown, scale)  # the ideal observer is right on all rungs


def _cards(scale: Scale) -> Group:
    """Return the encoders whose cards come with the package."""
    cards = [card for half in MODALITIES for card in stored_cards(half)]
    names = [Path(card.encoder).stem if card.encoder.endswith(".py") else card.encoder for card in cards]
    found = [Learner(name, {MODALITIES[card.half]: card.needed[ALL]}) for name, card in zip(names, cards, strict=True)]
    return Group(f"ERM on an encoder{_in([len(card.worlds) for card in cards])}", f"<={scale.least}", found, scale)


def _in(worlds: Sequence[int]) -> str:
    """Return the number of worlds in which learners were measured, in words."""
    few, most = min(worlds, default=0), max(worlds, default=0)
    return f", in {few}{f' to {most}' * (most > few)} world{'s' * (most > 1)}" if worlds else ""


def _models(results: Path) -> Group:
    """Return the language models in context, and the probes that see the same demonstrations."""
    found: dict[str, str] = {}
    for needed in stored_models(results):
        found |= {f"{name} ({TITLES[kind]})" if kind else name: text for (name, kind), text in needed.items()}
    ideal = found.pop(EXACT, "")
    learned = [Learner(name, {"text": text}) for name, text in found.items()]
    title = (
        f"counterexamples needed, among {SHOWN} demonstrations, for {THRESHOLD:.0%} of pairs; compares with none above"
    )
    return Group("In context", ideal, learned, Scale(title, RUNGS[1], RUNGS[-1]))
