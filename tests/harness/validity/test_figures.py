"""What each figure of the report shows: the numbers of its result, by name."""

from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from spurgen.harness.machine.plotting import GREY
from spurgen.harness.validity import (
    dose_response,
    erm_failure,
    minimum_detectable_difference,
    published_spearman,
    spearman,
    tiers,
    whac_a_mole,
)


def words(labels):
    return [label.get_text() for label in labels]


def legend(figure):
    (found,) = figure.legends
    return words(found.get_texts())


def ends(lines):
    """Returns the two ends of each line of a collection, float64 (n, 2, 2)."""
    return np.array(lines.get_segments())


def shown(axes, beside=None):
    """Reads the whiskers of a panel: row name -> point, interval or None, whether it is filled.

    `beside` is the panel that has the names, if it is another.
    """
    lines = [(*np.round(line.get_xydata().T, 12).tolist(), line) for line in axes.get_lines()]
    intervals = {y[0]: x for x, y, _ in lines if len(x) == 2 and y[0] == y[1] and y[0] % 1 == 0}
    points = {y[0]: (x[0], line.get_markerfacecolor() != "white") for x, y, line in lines if line.get_marker() == "o"}
    names = words((beside or axes).get_yticklabels())
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first on top
    return {names[int(row)]: (point, intervals.get(row), filled) for row, (point, filled) in points.items()}


def whisker(point, interval, filled):
    return pytest.approx(point), interval and pytest.approx(interval), filled


def grey_lines(axes):
    return [line for line in axes.get_lines() if line.get_color() == GREY]


def test_erms_bars_stand_beside_their_thresholds(results):
    result = deepcopy(results["erm_failure"])
    result["tasks"]["signs-text"]["reference_wga"] = None
    figure = erm_failure.draw(result)
    (axes,) = figure.axes
    assert words(axes.get_xticklabels()) == ["signs-image", "signs-text"]
    assert axes.get_ylabel() == "accuracy (grey line: threshold)"
    names = ("aligned_accuracy", "wga", "reference_wga")
    for name, bars, lines in zip(names, axes.containers, axes.collections, strict=True):
        assert [bar.get_height() for bar in bars] == [found[name] or 0 for found in result["tasks"].values()]
        for bar, line in zip(bars, ends(lines), strict=True):
            assert line[:, 1].tolist() == [result["thresholds"][name]] * 2
            assert line[0, 0] < bar.get_x() + bar.get_width() / 2 < line[1, 0]
    entries = ["ERM, all channels aligned", "ERM, worst group", "ERM, uncorrelated data, worst group"]
    assert [bars.get_label() for bars in axes.containers] == legend(figure) == entries
    assert len({bar.get_facecolor() for bars in axes.containers for bar in bars}) == 3


def test_every_row_stands_in_its_tier(results):
    result = results["tiers"]
    figure = tiers.draw(result)
    assert [axes.get_title() for axes in figure.axes if axes.axison] == list(result["tasks"])
    for axes, found in zip(figure.axes, result["tasks"].values(), strict=False):
        members = found["members"]
        assert len(members) > 1
        assert list(shown(axes)) == [label for some in members for label in some]
        assert shown(axes) == {
            label: whisker(found["wga"][label], found["wga_interval"][label], tier % 2 == 0)
            for tier, some in enumerate(members)
            for label in some
        }
        starts = np.cumsum([0, *map(len, members)])
        assert [(text.get_text(), text.get_position()[1]) for text in axes.texts] == [
            (f"tier {tier}", start) for tier, start in enumerate(starts[:-1].tolist(), start=1)
        ]
        assert [line.get_ydata()[0] for line in grey_lines(axes)] == [start - 0.5 for start in starts[1:-1]]
        assert axes.get_xlabel() == "worst-group accuracy"


def test_every_task_has_its_rho_with_every_published_table(results):
    result = deepcopy(results["spearman"])
    unknown, unsure = result["tasks"]["signs-text"]["published"][:2]
    unknown |= {"rho": None, "interval": None, "among_published": None}
    unsure["interval"] = None
    figure = spearman.draw(result)
    backbones = {name: task["backbone"] for name, task in result["tasks"].items()}
    titles = [axes.get_title(loc="right") for axes in figure.axes if axes.axison]
    assert titles == [f"{name} ({backbone})" for name, backbone in backbones.items()]
    assert "signs-text (pretrained)" in titles
    for axes, task in zip(figure.axes, result["tasks"].values(), strict=False):
        labels, published = words(axes.get_yticklabels()), task["published"]
        assert "Waterbirds, SubpopBench (5)" in labels
        assert all(label.startswith(f"{some['dataset']}, ") for label, some in zip(labels, published, strict=True))
        core = [some["protocol"].startswith("SubpopBench") and some["dataset"] in result["core"] for some in published]
        assert shown(axes) == {
            label: whisker(some["rho"], some["interval"], filled)
            for label, some, filled in zip(labels, published, core, strict=True)
            if some["rho"] is not None
        }
        bars = [line.get_xydata().mean(axis=0).tolist() for line in grey_lines(axes)]
        medians = [(some["among_published"], row) for row, some in enumerate(published)]
        assert bars[:-1] == [pytest.approx(median) for median in medians if median[0] is not None]
        assert bars[-1][0] == 0
        assert axes.get_xlim()[0] <= -1 < 1 <= axes.get_xlim()[1]
    assert figure.get_supxlabel().startswith("Spearman's rho (grey bar: median among the published")


def test_the_square_of_published_data_sets_has_every_pair_once(results):
    result = deepcopy(results["published_spearman"])
    result["pairs"][3]["rho"] = None
    (axes,) = published_spearman.draw(result).axes
    columns, rows = words(axes.get_xticklabels()), words(axes.get_yticklabels())
    names = [*columns, rows[-1]]
    assert rows == names[1:]
    known = {frozenset(pair["datasets"]): pair["rho"] for pair in result["pairs"] if pair["rho"] is not None}
    square = np.ma.filled(axes.images[0].get_array(), np.nan)
    told = {text.get_position(): text.get_text() for text in axes.texts}
    assert len(told) == len(known) == np.isfinite(square).sum() == 27
    for (column, row), text in told.items():
        rho = known[frozenset((columns[column], names[row]))]
        assert square[row, column] == rho
        assert text == f"{rho:.2f}"
        assert row > column


def test_doses_are_drawn_for_every_method_with_erm_behind(results):
    result = results["dose_response"]
    figure = dose_response.draw(result)
    assert [axes.get_title() for axes in figure.axes if axes.axison] == list(result["methods"])
    erm = result["methods"]["erm"]
    for axes, (label, response) in zip(figure.axes, result["methods"].items(), strict=False):
        *behind, wga, sss = axes.get_lines()
        assert [line.get_label() for line in (wga, sss)] == ["WGA", "SSS"]
        assert wga.get_linestyle() != sss.get_linestyle()
        assert not wga.get_clip_on()  # 0 and 1 are the panel's edges
        assert not sss.get_clip_on()
        drawn = [line.get_ydata().tolist() for line in (wga, sss)]
        assert drawn == [response["wga"]["figures"], response["sss"]["figures"]]
        assert behind == grey_lines(axes)
        expected = [] if label == "erm" else [erm["wga"]["figures"], erm["sss"]["figures"]]
        assert [line.get_ydata().tolist() for line in behind] == expected
        assert all(line.get_xdata().tolist() == result["strengths"] for line in axes.get_lines())
        assert axes.get_xticks().tolist() == [0.1, 0.5, 0.9]
        assert axes.get_ylim()[0] <= 0 < 1 <= axes.get_ylim()[1]
    assert legend(figure) == ["WGA", "SSS"]
    assert figure.get_supxlabel() == "strength of the correlation (grey: ERM)"


def test_without_erm_nothing_is_behind(results):
    methods = {label: response for label, response in results["dose_response"]["methods"].items() if label != "erm"}
    figure = dose_response.draw({**results["dose_response"], "methods": methods})
    assert [len(axes.get_lines()) for axes in figure.axes if axes.axison] == [2] * 4


def test_moles_are_drawn_where_there_are_most_channels(results):
    result = deepcopy(results["whac_a_mole"])
    name, found = "signs-text", result["tasks"]["signs-text"]
    for some in (found["erm"], *(moles["channels"] for moles in found["methods"].values())):
        some |= dict.fromkeys(("third", "fourth", "fifth"), some["color"])
    for row, moles in enumerate(found["methods"].values()):  # by default the ticks of such a range crowd
        change = 0.03 - 0.07 * row / (len(found["methods"]) - 1)
        shifted = moles["channels"]["color"] | {"change": change, "interval": [change, change]}
        moles["channels"] |= dict.fromkeys(("third", "fourth", "fifth"), shifted)
    figure = whac_a_mole.draw(result)
    assert figure.get_suptitle() == f"{name}: change of SSS against ERM (filled: significant)"
    assert [axes.get_title() for axes in figure.axes] == [f"{c} (ERM {sss:.3f})" for c, sss in found["erm"].items()]
    filled = []
    for axes, channel in zip(figure.axes, found["erm"], strict=True):
        expected = {}
        for label, moles in found["methods"].items():
            change = moles["channels"][channel]
            certain = channel in moles["rises"] + moles["falls"]
            expected[label] = whisker(change["change"], change["interval"], certain)
            filled.append(certain)
        assert shown(axes, figure.axes[0]) == expected
        assert [line.get_xdata() for line in grey_lines(axes)] == [[0, 0]]
    assert set(filled) == {True, False}
    assert len({axes.get_xlim() for axes in figure.axes}) == 1  # one scale
    figure.draw(FigureCanvasAgg(figure).get_renderer())
    for axes in figure.axes:
        ends = axes.get_xlim()
        seen = [label for label in axes.get_xticklabels() if ends[0] <= label.get_position()[0] <= ends[1]]
        boxes = [label.get_window_extent() for label in seen]
        assert len(boxes) >= 2
        assert all(right.x0 - left.x1 > 12 for left, right in pairwise(boxes))  # pixels


def test_detectable_differences_are_bars_with_a_line_to_the_noisiest_tenth(results):
    result = deepcopy(results["minimum_detectable_difference"])
    result["tasks"]["signs-text"]["seeds"] = 5
    figure = minimum_detectable_difference.draw(result)
    (axes,) = figure.axes
    tasks = result["tasks"]
    assert words(axes.get_yticklabels()) == [f"{name} ({found['seeds']} seeds)" for name, found in tasks.items()]
    assert axes.yaxis_inverted()
    assert axes.get_xlabel().startswith("smallest difference of WGA")
    assert legend(figure) == ["one pair", "after Holm, all pairs"]
    for name, bars, lines in zip(("pair", "all_pairs"), axes.containers, axes.collections, strict=True):
        median, noisiest = ([found[key] for found in tasks.values()] for key in (name, f"{name}_of_noisiest"))
        assert [bar.get_width() for bar in bars] == median
        assert ends(lines)[:, :, 0].tolist() == [list(pair) for pair in zip(median, noisiest, strict=True)]
        middles = [bar.get_y() + bar.get_height() / 2 for bar in bars]
        assert ends(lines)[:, 0, 1] == pytest.approx(middles)
    assert len({bar.get_facecolor() for bars in axes.containers for bar in bars}) == 2
