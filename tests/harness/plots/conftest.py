"""A small suite whose tasks have several worlds, and rows of it with known metrics."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from small_suites import make_up

from spurgen.benchmark.result import Report
from spurgen.harness.board.leaderboard import build
from spurgen.harness.plots.forest import boards_drawn
from spurgen.harness.results.rows import make_task_row

WORLDS = 3
SCENARIO = """
suite = "toy"
name = "core"
seed = 1
worlds = 3
num_classes = 3
image_size = 32

[channels]
color = { values = 3, strength = 0.8 }
background = { values = 3, strength = 0.8 }

[splits]
train = 9
val = 9
test_per_group = 5
twins = 24
"""
TASKS = """
[tasks]
main-image = { scenario = "core", modality = "image", role = "main" }
main-text = { scenario = "core", modality = "text", role = "main" }

[overall]
main = ["main-image", "main-text"]
"""
HOSTILE = r"evil_$^%&#{}~\x|<b>" + "漢" + "-with-a-name-that-is-far-too-long"
ROWS = {"erm": (0.6, "none"), "mixup": (0.65, "none"), "jtt": (0.75, "val_groups"), "group_dro": (0.9, "train_groups")}


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    return make_up(tmp_path_factory.mktemp("suites"), "toy", {"core": SCENARIO}, TASKS)


@pytest.fixture(scope="session")
def toy_rows(toy, make_outcome, as_baseline):
    """Four of our methods on every task; a stranger's row with a hostile name, and one of a single world."""

    def report(seed):
        epochs = [
            {"stage": "train", "epoch": k, "loss": 1.0 / k, "val_accuracy": 0.2 * k + 0.01 * seed} for k in (1, 2)
        ]
        return Report(curves=(*epochs, {"stage": "again", "epoch": 1, "val_accuracy": 0.6, "val_wga": 0.1}))

    def row(task, quality, worlds=WORLDS, **changes):
        how = {"task": task, "data_sha256": toy.data_digest(toy.task(task))} | changes
        return make_task_row(
            [
                make_outcome(
                    toy,
                    quality,
                    world,
                    follows={"color": 1 - quality * (1 - world / 10), "background": world / 24},
                    **how,
                )
                for world in range(worlds)
            ]
        )

    rows = {
        label: {task: row(task, quality, access=access, report=report(0), **as_baseline(label)) for task in toy.tasks}
        for label, (quality, access) in ROWS.items()
    }
    mains = ("main-image", "main-text")
    return rows | {
        HOSTILE: {task: row(task, 0.8) for task in mains},
        "short": {"main-image": row("main-image", 0.7, 1)},
    }


@pytest.fixture(scope="session")
def toy_board(toy, toy_rows):
    return build(toy, toy_rows)


@pytest.fixture(scope="session")
def drawn(toy, toy_rows, toy_board):
    """Everything that is drawn, by the name of the task or set of tasks."""
    return boards_drawn(toy, toy_rows, toy_board, [*toy_board.tasks, *toy_board.overall])


@pytest.fixture(scope="session")
def check_layout():
    """Return a function that draws a figure and fails if a text is cut off, tiny or overlaps another; return texts."""

    def check(figure):
        figure.draw(FigureCanvasAgg(figure).get_renderer())
        shown = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        beyond = set()
        for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            hidden = {tick.label1 for tick in ticks if not (axis.axes.axison and low <= tick.get_loc() <= high)}
            beyond |= hidden | {tick.label2 for tick in ticks}
        boxes = {text: text.get_window_extent() for text in shown if text not in beyond}
        edge = figure.bbox
        for text, box in boxes.items():
            assert text.get_fontsize() >= 6, text
            assert edge.x0 - 1 <= box.x0 < box.x1 <= edge.x1 + 1, text
            assert edge.y0 - 1 <= box.y0 < box.y1 <= edge.y1 + 1, text
        pairs = combinations(boxes.items(), 2)
        assert [(a.get_text(), b.get_text()) for (a, first), (b, second) in pairs if overlap(first, second)] == []
        return [text.get_text() for text in boxes]

    return check


def overlap(first, second, slack=2):
    """Return whether two boxes overlap by more than some pixels: the box of a text is a little larger than its ink."""
    wide = min(first.x1, second.x1) - max(first.x0, second.x0)
    high = min(first.y1, second.y1) - max(first.y0, second.y0)
    return wide > slack and high > slack
