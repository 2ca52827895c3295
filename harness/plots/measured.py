"""The pictures of a model that was measured in Python: where it is right, what it follows, and its curve."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from spurgen.benchmark.task import Rung
from spurgen.harness.board.columns import CHANNEL, Line, channel_keys, estimate_of
from spurgen.harness.plots.forest import UNIT, Named, Panel, forest
from spurgen.harness.plots.ladder import Climbed, draw_ladder
from spurgen.harness.statistics.estimate import Estimate

SHARES = {
    "accuracy_agree": "right where shortcuts agree",
    "accuracy_neutral": "right where they are neutral",
    "accuracy_mislead": "right where they mislead",
    "follows": "follows the shortcut",
}


def draw_task(line: Line, ideal: Mapping[str, float]) -> Figure:
    """Draw the shares of answers of a line that are right, and that follow each shortcut, beside the ideal observer."""
    named = SHARES | {key: f"follows {key.removeprefix(CHANNEL)} alone" for key in channel_keys([line])}
    found = {key: point for key in named if (point := estimate_of(line, key))}
    best = {key: Estimate(ideal[key]) for key in found if key in ideal}
    panels = [Panel("model", found), *[Panel("ideal observer", best)] * bool(best)]
    return forest(panels, [Named(key, named[key]) for key in found], "share of answers", limits=UNIT)


def draw_curve(name: str, rungs: Sequence[Rung], lines: Mapping[str, Line], whole: Line) -> Figure:
    """Draw a ladder with one row, whose lines are by task; `whole`: its line over the rungs above 0."""
    first, numbers = rungs[0], [rung.counterexamples for rung in rungs]
    boards = [[{**lines[rung.name], "submission": name}] for rung in rungs]
    climbed = Climbed(first.of, first.ladder.train, first.ladder.ceiling, numbers, boards, [whole or boards[-1][0]])
    return draw_ladder(climbed, {})
