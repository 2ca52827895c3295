from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import Task
from spurgen.generators import aligned_values, sample
from spurgen.harness.experiments.plots import PANELS, comparison, sensitivity, stacked_curves, training_curves
from spurgen.harness.experiments.sample_sheet import label_text, sample_sheet
from spurgen.harness.machine.plotting import new_picture, save


def curves(seed):
    """Two stages, the second with a penalty and validation groups."""
    first = {"stage": "first", "epoch": 1, "loss": 2.0 + seed, "val_accuracy": 0.5}
    second = [
        {"stage": "train", "epoch": k, "loss": 1.0 / k + seed, "risk": 0.5, "penalty": 0.1 * k, "val_accuracy": 0.6,
         "val_wga": 0.1 * seed} for k in (1, 2)
    ]  # fmt: skip
    return (first, *second)


@pytest.fixture(scope="module")
def record(make_experiment):
    plain = lambda seed: ({"stage": "train", "epoch": 1, "loss": 1.0 + seed, "val_accuracy": 0.5},)  # noqa: E731
    return make_experiment(
        {
            "erm": {"curves": plain},
            "a_method_with_a_long_name": {"access": "train_groups", "curves": curves},
            "silent": {},
        },
        modality="multimodal",
    )


def all_pictures(record):
    return {
        "comparison": comparison(record),
        "sheet": sample_sheet(record.task),
        **{f"curves-{m.name}": training_curves(record, m) for m in record.finished},
        **{f"sss-{m.name}": sensitivity(record, m) for m in record.finished},
    }


def within(value, ends):
    return min(ends) <= value <= max(ends)


def drawn_texts(picture):
    """Returns every text that is seen, with its box in pixels."""
    renderer = FigureCanvasAgg(picture).get_renderer()
    picture.draw(renderer)
    ticks = [
        (axis, tick) for axes in picture.axes for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_major_ticks()
    ]
    beyond = {tick.label1 for axis, tick in ticks if not within(tick.get_loc(), axis.get_view_interval())}
    texts = [t for t in picture.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in beyond]
    return [(text, text.get_window_extent(renderer)) for text in texts]


def test_every_word_can_be_read_in_print_and_none_runs_off_the_sides(record):
    for name, picture in all_pictures(record).items():
        for text, box in drawn_texts(picture):
            assert text.get_fontsize() >= 8, (name, text)
            assert box.x0 >= 0, (name, text)
            assert box.x1 <= picture.bbox.width, (name, text)


def test_numbers_on_an_axis_stand_apart(record):
    picture = comparison(record)
    drawn = dict(drawn_texts(picture))
    for axes in picture.axes:
        boxes = [drawn[label] for label in axes.get_xticklabels() if label in drawn]
        assert 2 <= len(boxes) <= 6
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_comparison_shows_means_intervals_seeds_and_floor(record):
    picture = comparison(record)
    labels = zip(picture.axes[0].get_yticks(), picture.axes[0].get_yticklabels(), strict=True)
    rows = {label.get_text(): row for row, label in labels}
    assert list(rows) == [m.name for m in record.finished]
    for axes, figure in zip(picture.axes, PANELS, strict=True):
        drawn = [(np.ravel(line.get_xdata()).tolist(), line.get_ydata()) for line in axes.lines]
        bars = {round(bar.get_y() + bar.get_height() / 2): bar.get_x() + bar.get_width() for bar in axes.patches}
        for method in record.finished:
            shown, row = method.figures[figure], rows[method.name]
            lines = [x for x, y in drawn if abs(y[0] - row) < 0.5]
            assert bars[row] == shown.value
            assert [shown.low, shown.high] in lines
            assert [seed.figures[figure] for seed in method.seeds] in lines
            assert ([method.figures["sss_placebo"].value] in lines) == (figure in ("sss", "core_sensitivity"))


def test_curves_are_means_over_seeds_with_a_band_from_lowest_to_highest(record):
    method = record.finished[1]
    picture = training_curves(record, method)
    titles = [axes.get_title() for axes in picture.axes]
    assert titles == ["Loss, as minimised", "Accuracy on val", "Worst-group accuracy on val", "Penalty"]
    loss = picture.axes[0]
    assert loss.lines[0].get_ydata() == pytest.approx([4.0, 3.0, 2.5])  # seeds 0 to 4 add 2 on average
    assert loss.lines[0].get_xdata().tolist() == [1, 2, 3]
    band = loss.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0.5, 6.0)
    (boundary,) = [line for line in loss.lines if len(set(line.get_xdata())) == 1]
    assert boundary.get_xdata()[0] == 1.5  # between the stages


def test_lines_of_a_panel_differ_by_more_than_colour(record):
    lines = [line for line in training_curves(record, record.finished[1]).axes[0].lines if line.get_marker() != "None"]
    assert len(lines) == 2
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 2


def test_curves_that_are_not_there_are_explained_not_drawn(record):
    erm, _, silent = record.finished
    picture = training_curves(record, erm)
    assert [axes.get_title() for axes in picture.axes] == ["Loss, nats", "Accuracy on val"]
    note = picture.get_supxlabel()
    assert note == "no worst-group curve: validation groups are hidden (access: none); no penalty"
    assert training_curves(record, silent).get_supxlabel() == "the method reports no curves"
    assert training_curves(record, silent).axes == []


def test_curves_end_where_the_shortest_seed_ends(make_experiment):
    uneven = make_experiment({"erm": {"curves": lambda seed: curves(seed)[: 3 - seed % 2]}})
    stacked = stacked_curves(uneven.finished[0])
    assert {name: values.shape for name, values in stacked.items()}["loss"] == (5, 2)
    assert np.isnan(stacked["penalty"][:, 0]).all()
    assert stacked["penalty"][:, 1] == pytest.approx(0.1)


def test_curves_of_a_stranger_need_not_count_their_epochs_and_may_hold_words(make_experiment):
    odd = [{"loss": 2.0, "step": 1}, {"loss": 1.0, "phase": "late"}]
    method = make_experiment({"mine": {"curves": lambda _: odd}}).finished[0]
    stacked = stacked_curves(method)
    assert {name: values[0].tolist() for name, values in stacked.items()} == {
        "epoch": [1, 2], "loss": [2, 1], "step": [1, pytest.approx(np.nan, nan_ok=True)],
    }  # fmt: skip
    assert [
        axes.get_title() for axes in training_curves(make_experiment({"mine": {"curves": lambda _: odd}}), method).axes
    ]


def test_sss_bars_have_their_values_and_differ_by_hatch(record):
    method = record.finished[0]
    (axes,) = sensitivity(record, method).axes
    heights = [[bar.get_height() for bar in bars] for bars in axes.containers if hasattr(bars, "patches")]
    assert heights[0] == [row["sss"].value for row in method.channels.values()]
    assert heights[1:] == [pytest.approx([0.1, 0.1]), pytest.approx([0.2, 0.2])]  # image half, caption half
    hatches = [bars.patches[0].get_hatch() for bars in axes.containers if hasattr(bars, "patches")]
    assert len(set(hatches)) == 3
    floor = next(line for line in axes.lines if "placebo" in str(line.get_label()))
    assert floor.get_ydata()[0] == method.figures["sss_placebo"].value
    assert [label.get_text() for label in axes.get_xticklabels()] == ["color", "background"]


def test_a_picture_is_written_whole_and_settings_are_left_alone(tmp_path, record):
    with mpl.rc_context():
        mpl.rcdefaults()
        before = dict(mpl.rcParams)
        save(sensitivity(record, record.finished[0]), tmp_path / "a.png")
        assert dict(mpl.rcParams) == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    with Image.open(tmp_path / "a.png") as image:
        assert image.width > 1200
        assert np.asarray(image.convert("L")).std() > 10


def test_a_label_that_sticks_out_is_kept(tmp_path):
    picture = new_picture(2.0, "t")
    picture.text(0.5, -0.3, "below the edge")
    save(picture, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.height > 2.5 * 200


def test_a_write_that_fails_keeps_the_old_picture(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_text("old")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        save(new_picture(1.0, "t"), tmp_path / "a.png")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.png", "old")]


@pytest.mark.parametrize(("modality", "pictures"), [("image", 9), ("text", 0), ("multimodal", 9)])
def test_the_sheet_shows_the_generators_pixels(record, modality, pictures):
    task = Task("t", record.scenario, modality)
    picture = sample_sheet(task)
    shown = [image.get_array() for axes in picture.axes for image in axes.images]
    assert len(shown) == pictures
    if shown:
        scenario = record.scenario
        assert np.array_equal(shown[3], sample(scenario, "test", [0]).images[0])
        assert np.array_equal(shown[-1], sample(scenario, "test", [3 * 3 + 2]).images[0])  # the last pattern conflicts


def test_a_label_says_what_aligns_and_what_conflicts(record):
    task, scenario = record.task, record.scenario
    some = sample(scenario, "test", range(12))
    for k in range(12):
        label, *rest = label_text(task, some, k).splitlines()
        assert label.lower() in ("heart", "arrow", "moon")
        for line, (name, values) in zip(rest, some.channel_values.items(), strict=False):
            aligned = aligned_values(scenario, name)[values[k], some.labels[k]]
            assert line.startswith(f"{name} ")
            assert line.endswith(" ✓" if aligned else " ✗")
        assert " ".join(rest[2:]).replace("\u00a0", " ") == f"“{some.captions[k]}”"


def test_channels_that_a_modality_lacks_are_not_on_its_sheet():
    channels = {"color": {"carrier": "image", "values": 3}, "voice": {"carrier": "caption", "values": 3}}
    about = {"seed": 1, "num_classes": 2, "image_size": 32, "splits": {"twins": 1}}
    scenario = make_scenario("test", suite="none", name="s", channels=channels, **about)
    some = sample(scenario, "test", [0])
    assert "voice" not in label_text(Task("t", scenario, "image"), some, 0)
    assert "color" not in label_text(Task("t", scenario, "text"), some, 0)
