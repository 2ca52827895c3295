"""What a reader must see in each plot."""

import io
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from spurgen.harness.machine.plotting import styled
from spurgen.harness.validity._panels import panels, whiskers
from spurgen.harness.validity._published import SUBPOPBENCH
from spurgen.harness.validity._report import draw

TASKS = {"signs-image", "signs-text", "dose-10-image", "dose-50-image", "dose-90-image"}
METHODS = {"erm", "resample", "group_dro", "jtt", "crt"}
DATASETS = {"Waterbirds", "CelebA", "MultiNLI", "CivilComments", "MetaShift", "NICO++", "CheXpert", "Living17"}
SHOWN = {
    "erm_failure": {
        "signs-image",
        "signs-text",
        "ERM, robust accuracy",
        "the same, uncorrelated data",
        "ideal observer, robust accuracy",
    },
    "above_erm": {"signs-image", "signs-text", *METHODS - {"erm"}},
    "tiers": {
        "signs-image",
        "signs-text",
        *METHODS,
        "a",
        "b",
        "robust accuracy",
        "filled: rows that all differ from one another; dashed: ideal observer",
    },
    "spearman": {
        "signs-image (scratch)",
        "signs-text (scratch)",
        "Waterbirds, SubpopBench (5)",
        "the four, median",
        "the four, within access tiers",
        "the four, of access alone",
        "the four with one another",
    },
    "published_spearman": {*DATASETS, "0.59"},
    "dose_response": {
        *METHODS,
        "robust accuracy",
        "reliance",
        "0.1",
        "0.5",
        "0.9",
        "strength of the correlation",
        "ideal observer",
    },
    "whac_a_mole": {*METHODS - {"erm"}, "color (ERM 0.450)", "background (ERM 0.225)"},
    "minimum_detectable_difference": {*(f"{task} (5 seeds)" for task in TASKS), "one pair", "one of all pairs"},
}


@pytest.fixture(scope="module")
def pngs(sections):
    return draw(sections)


def drawn_texts(section):
    """Draw a plot; return its visible texts with their boxes, and the box of the plot, in pixels."""
    with styled():
        figure = section.plot()
        figure.draw(FigureCanvasAgg(figure).get_renderer())
    beyond = set()  # labels of ticks outside an axis are not drawn
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = axis.get_major_ticks()
        beyond |= {tick.label1 for tick in ticks if not (axis.axes.axison and low <= tick.get_loc() <= high)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text() and text not in beyond]
    return [(text, text.get_window_extent()) for text in texts], figure.bbox


def words(texts):
    return {text.get_text() for text, _ in texts}


def overlaps(texts):
    level = [(text.get_text(), box) for text, box in texts if text.get_rotation() in (0, 90)]
    return [(a, b) for (a, first), (b, second) in combinations(level, 2) if first.overlaps(second)]


@pytest.mark.parametrize("name", SHOWN)
def test_every_name_is_shown_inside_the_plot_and_no_two_texts_overlap(sections, name):
    texts, edge = drawn_texts(sections[name])
    assert SHOWN[name] <= words(texts)
    assert all(edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1 for _, box in texts)
    assert overlaps(texts) == []


@pytest.mark.parametrize("name", SHOWN)
def test_a_plot_is_dark_on_white_in_shades_of_grey(pngs, name):
    pixels = np.asarray(Image.open(io.BytesIO(pngs[name])).convert("RGB"), int)
    assert np.ptp(pixels, axis=2).max() <= 12  # nothing is shown by colour alone
    assert min(pixels.shape[:2]) > 200
    assert pixels.min() < 60
    border = np.concatenate([pixels[:3].ravel(), pixels[-3:].ravel(), pixels[:, :3].ravel(), pixels[:, -3:].ravel()])
    assert border.min() == 255


def test_crowded_ticks_of_many_channels_do_not_overlap(sections):
    task = sections["whac_a_mole"].tasks["signs-text"]
    many = ("color", "background", "third", "fourth", "fifth")
    methods = {}
    for row, (label, method) in enumerate(task.methods.items()):
        change = 0.03 - 0.07 * row / (len(task.methods) - 1)  # with default ticks, the labels of such a range overlap
        shifted = replace(method.channels["color"], change=change, interval=(change, change))
        methods[label] = replace(method, channels=dict.fromkeys(many, shifted))
    crowded = replace(task, erm=dict.fromkeys(many, 0.1), methods=methods)
    texts, _ = drawn_texts(replace(sections["whac_a_mole"], tasks={"signs-text": crowded}))
    assert {f"{channel} (ERM 0.100)" for channel in many} <= words(texts)
    assert overlaps(texts) == []


def test_points_and_intervals_are_drawn_at_their_values():
    rows = [(0.2, (0.1, 0.4), True), (0.8, (0.3, 0.9), False), (None, None, True), (0.5, None, True)]
    figure, (axes,) = panels(1, 1, 4, 4)
    whiskers(axes, list("abcd"), rows)
    axes.set_xlim(0, 1)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1, :, 0]  # the first row at the bottom, as in matplotlib

    def shade(x, y):
        column, row = axes.transData.transform((x, y)).round().astype(int)
        return int(pixels[row - 1 : row + 2, column].min())  # a line is about two pixels high

    for y, (x, interval, filled) in enumerate(rows):
        drawn = [place / 100 for place in range(5, 96) if shade(place / 100, y) < 100]
        expected = interval or ((x, x) if x else None)
        assert (bool(drawn), bool(expected)) in ((True, True), (False, False))
        if expected:
            assert (min(drawn), max(drawn)) == pytest.approx(expected, abs=0.02)
            assert (shade(x, y) < 100) == filled


def test_unknown_values_are_left_out(sections):
    erm, ranks, published = (sections[name] for name in ("erm_failure", "spearman", "published_spearman"))
    task = replace(erm.tasks["signs-text"], reference_robust_accuracy=None)
    unknown = {"rho": None, "interval": None}
    tables = [replace(table, **unknown, among_published=None) for table in ranks.tasks["signs-text"].published]
    medians = replace(ranks.tasks["signs-text"].medians, among=None, rho_within=None)
    first, *pairs = [pair for pair in published.pairs if pair.protocol == SUBPOPBENCH]
    changed = {
        "erm_failure": replace(erm, tasks={"signs-text": task}),
        "spearman": replace(
            ranks, tasks={"signs-text": replace(ranks.tasks["signs-text"], published=tables, medians=medians)}
        ),
        "published_spearman": replace(published, pairs=[replace(first, **unknown), *pairs]),
    }
    assert list(draw(changed)) == list(changed)
    texts, _ = drawn_texts(changed["published_spearman"])
    assert {f"{pair.rho:.2f}" for pair in pairs} == words(texts) - DATASETS


def test_without_erm_the_doses_are_drawn_without_a_reference(sections):
    (series,) = sections["dose_response"].series
    methods = {label: response for label, response in series.methods.items() if label != "erm"}
    section = replace(sections["dose_response"], series=[replace(series, methods=methods)])
    assert METHODS - {"erm"} <= words(drawn_texts(section)[0])


def test_several_series_show_erm_alone_a_column_each(sections):
    (series,) = sections["dose_response"].series
    section = replace(sections["dose_response"], series=[replace(series, name=f"core_size {k}") for k in range(3)])
    texts, _ = drawn_texts(section)
    assert {f"core_size {k}" for k in range(3)} <= words(texts)
    assert not METHODS & words(texts)
    assert overlaps(texts) == []


def test_more_methods_than_columns_go_on_below(sections):
    (series,) = sections["dose_response"].series
    methods = {f"m{k}": series.methods["jtt"] for k in range(8)}
    texts, _ = drawn_texts(replace(sections["dose_response"], series=[replace(series, methods=methods)]))
    assert set(methods) <= words(texts)
    assert overlaps(texts) == []


def lines_at(section, x=None, y=None):
    """Return whether a panel has a line that stays at x, or at y."""
    with styled():
        figure = section.plot()
    paths = [segment for axes in figure.axes for part in axes.collections for segment in part.get_segments()]
    paths += [line.get_xydata() for axes in figure.axes for line in axes.lines]
    kept = [np.asarray(path, float) for path in paths if len(path)]
    place, value = (0, x) if y is None else (1, y)
    return any(np.allclose(path[:, place], value) for path in kept)


def test_the_ideal_observer_is_drawn_at_its_metric(sections):
    erm, tiers = sections["erm_failure"], sections["tiers"]
    task = replace(erm.tasks["signs-text"], ideal_robust_accuracy=0.37)
    assert lines_at(replace(erm, tasks={"signs-text": task}), y=0.37)
    assert not lines_at(replace(erm, tasks={"signs-text": replace(task, ideal_robust_accuracy=None)}), y=0.37)
    of_tiers = replace(tiers.tasks["signs-text"], ideal=0.37)
    assert lines_at(replace(tiers, tasks={"signs-text": of_tiers}), x=0.37)
    (series,) = sections["dose_response"].series
    reliance = replace(series.methods["erm"].reliance, ideal=[0.037] * 3)
    methods = {"erm": replace(series.methods["erm"], reliance=reliance)}
    assert lines_at(replace(sections["dose_response"], series=[replace(series, methods=methods)]), y=0.037)
