"""How training went, drawn."""

import pytest

from spurgen.harness.plots.training import training_curves

CURVES = {"loss": 1.0, "risk": 1.0, "val_accuracy": 0.5, "val_wga": 0.2, "own_term": 0.3}


def drawn(figure):
    return [axes.get_title(loc="left") for axes in figure.axes], figure.get_supxlabel()


@pytest.mark.parametrize(
    ("curves", "panels", "note"),
    [
        ((), [], "the method reports no curves"),
        ([{"epoch": 1, "loss": 1.0}], ["Loss, nats"],
         "epoch, over all stages; no worst-group curve: validation groups are hidden (access: none); no penalty "
         "reported"),
        ([{"epoch": 1, **CURVES}],
         ["Loss, as minimised", "Accuracy on val", "Worst on val: group; agree or mislead", "The method's own terms"],
         "epoch, over all stages"),
    ],
)  # fmt: skip
def test_a_note_names_the_curves_that_are_missing(make_experiment, curves, panels, note):
    summary = make_experiment({"erm": {"curves": lambda _: tuple(curves)}})
    assert drawn(training_curves(summary.rows["erm"].results)) == (panels, note)


def test_curves_are_means_with_a_band_and_a_mark_where_a_stage_begins(make_experiment):
    stages = {"train": (0.2, 0.4), "again": (0.6,)}
    entries = [
        {"stage": stage, "epoch": k, "val_accuracy": value}
        for stage, values in stages.items()
        for k, value in enumerate(values, 1)
    ]

    def curves(seed):
        return tuple({**entry, "val_accuracy": entry["val_accuracy"] + 0.1 * seed} for entry in entries)

    (axes,) = training_curves(make_experiment({"erm": {"curves": curves}}).rows["erm"].results).axes
    seeds = len(make_experiment({"erm": {"curves": curves}}).rows["erm"].results)
    assert axes.lines[0].get_ydata() == pytest.approx([value + 0.05 * (seeds - 1) for value in (0.2, 0.4, 0.6)])
    assert axes.lines[1].get_xdata()[0] == 2.5
    assert len(axes.collections) == 1
