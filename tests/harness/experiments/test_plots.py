from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from spurgen.harness.experiments.plots import PANELS, comparison, sensitivity, training_curves
from spurgen.harness.experiments.sample_sheet import sample_sheet


def curves(seed):
    """Two stages, the second with a penalty and validation groups."""
    first = {"stage": "first", "epoch": 1, "loss": 2.0 + seed, "val_accuracy": 0.5}
    second = [
        {"stage": "train", "epoch": k, "loss": 1.0 / k + seed, "risk": 0.5, "penalty": 0.1 * k, "val_accuracy": 0.6,
         "val_wga": 0.1 * seed} for k in (1, 2)
    ]  # fmt: skip
    return (first, *second)


@pytest.fixture(scope="module")
def summary(make_experiment):
    plain = {"curves": lambda seed: ({"epoch": 1, "loss": 1.0 + seed, "val_accuracy": 0.5},)}
    staged = {"access": "train_groups", "curves": curves}
    methods = {"erm": plain, "a_method_with_a_long_name": staged, "silent": {}}
    return make_experiment(methods, modality="multimodal")


def visible_texts(figure):
    """Return every text that is drawn, with its box in pixels."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    axes = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    ticks = [(sorted(axis.get_view_interval()), tick) for axis in axes for tick in axis.get_major_ticks()]
    beyond = {tick.label1 for (low, high), tick in ticks if not low <= tick.get_loc() <= high}
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in beyond]
    return {text: text.get_window_extent(renderer) for text in texts}


def test_texts_are_legible_in_print_and_inside_the_figure(summary):
    figures = [comparison(summary), sample_sheet(summary.task)]
    figures += [draw(summary, method) for method in summary.finished for draw in (training_curves, sensitivity)]
    for figure in figures:
        for text, box in visible_texts(figure).items():
            assert text.get_fontsize() >= 8, text
            assert 0 <= box.x0 <= box.x1 <= figure.bbox.width, text


def test_the_ideal_observer_is_a_line_in_every_panel_and_over_every_channel(summary):
    for axes, name in zip(comparison(summary).axes, PANELS, strict=True):
        assert summary.ideal[name] in [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    (axes,) = sensitivity(summary, summary.finished[0]).axes
    levels = [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    assert {summary.ideal[f"sss/{channel}"] for channel in summary.task.channels} <= set(levels)
    unknown = summary.model_copy(update={"ideal": {}})
    labels = [text.get_text() for text in comparison(unknown).legends[0].get_texts()]
    assert "ideal observer" not in labels


def test_numbers_on_an_axis_do_not_overlap(summary):
    figure = comparison(summary)
    texts = visible_texts(figure)
    for axes in figure.axes:
        boxes = [texts[label] for label in axes.get_xticklabels() if label in texts]
        assert 2 <= len(boxes) <= 6
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_comparison_shows_means_intervals_seeds_and_floor(summary):
    figure = comparison(summary)
    ticks = zip(figure.axes[0].get_yticks(), figure.axes[0].get_yticklabels(), strict=True)
    rows = {label.get_text(): row for row, label in ticks}
    assert list(rows) == [m.name for m in summary.finished]
    for axes, metric in zip(figure.axes, PANELS, strict=True):
        lines = [(np.ravel(line.get_xdata()).tolist(), line.get_ydata()) for line in axes.lines]
        bars = {round(bar.get_y() + bar.get_height() / 2): bar.get_x() + bar.get_width() for bar in axes.patches}
        for method in summary.finished:
            estimate, row = method.estimates[metric], rows[method.name]
            drawn = [x for x, y in lines if abs(y[0] - row) < 0.5]
            assert bars[row] == estimate.value
            assert [*estimate.ends] in drawn
            assert [result.metrics[metric] for result in method.results] in drawn
            assert ([method.estimates["sss_placebo"].value] in drawn) == (metric in ("sss", "core_sensitivity"))


def test_proportions_of_zero_are_drawn_on_an_axis_from_zero(make_experiment):
    figure = comparison(make_experiment({"erm": {"quality": 0.0}}))
    low, high = figure.axes[1].get_xlim()
    assert (low, high >= 0.02) == (0, True)


def test_curves_are_means_over_seeds_with_a_band_from_minimum_to_maximum(summary):
    figure = training_curves(summary, summary.finished[1])
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["Loss, as minimised", "Accuracy on val", "Worst group and pattern on val", "Penalty"]
    loss = figure.axes[0]
    assert loss.lines[0].get_ydata() == pytest.approx([4.0, 3.0, 2.5])  # seeds 0 to 4 add 2 on average
    assert loss.lines[0].get_xdata().tolist() == [1, 2, 3]
    band = loss.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0.5, 6.0)
    (boundary,) = [line for line in loss.lines if len(set(line.get_xdata())) == 1]
    assert boundary.get_xdata()[0] == 1.5  # between the stages
    styles = {(line.get_linestyle(), line.get_marker()) for line in loss.lines if line is not boundary}
    assert len(styles) == 2  # loss and risk differ by more than colour


def test_missing_curves_are_explained_and_not_drawn(summary):
    erm, _, silent = summary.finished
    figure = training_curves(summary, erm)
    assert [axes.get_title() for axes in figure.axes] == ["Loss, nats", "Accuracy on val"]
    note = "no worst-group curve: validation groups are hidden (access: none); no penalty reported"
    assert figure.get_supxlabel() == note
    figure = training_curves(summary, silent)
    assert (figure.get_supxlabel(), figure.axes) == ("the method reports no curves", [])


def test_the_curves_of_a_method_without_epochs_are_drawn(make_experiment):
    summary = make_experiment({"mine": {"curves": lambda _: [{"loss": 2.0, "step": 1}, {"loss": 1.0}]}})
    assert training_curves(summary, summary.finished[0]).axes[0].get_title() == "Loss, nats"


def test_sss_bars_have_their_values_and_differ_by_hatch(summary):
    method = summary.finished[0]
    (axes,) = sensitivity(summary, method).axes
    heights = [[bar.get_height() for bar in bars] for bars in axes.containers]
    assert heights[0] == [row["sss"].value for row in method.channels.values()]
    assert heights[1:] == [pytest.approx([0.1, 0.1]), pytest.approx([0.2, 0.2])]  # image half, caption half
    assert len({bars.patches[0].get_hatch() for bars in axes.containers}) == 3
    lines = [tuple(line.get_ydata()) for line in axes.lines]
    assert all(row["sss"].ends in lines for row in method.channels.values())
    assert (method.estimates["sss_placebo"].value,) * 2 in lines
    assert [label.get_text() for label in axes.get_xticklabels()] == ["color", "background"]
