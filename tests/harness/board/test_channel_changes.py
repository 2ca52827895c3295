import numpy as np
import pytest

from spurgen.harness.board.channel_changes import follow_changes

STEPS = np.array([-0.01, 0.0, 0.01, 0.005, -0.005])


def values(**rows):
    """Return reliance by channel, label and unit; `rows`: means on color and shape, each with an order of units."""
    return {
        channel: {
            label: np.full(5, means[place]) + np.roll(STEPS, k + place) for k, (label, means) in enumerate(rows.items())
        }
        for place, channel in enumerate(("color", "shape"))
    }


def test_a_row_may_rely_less_on_one_channel_and_more_on_another():
    changes = follow_changes(values(erm=(0.4, 0.1), moved=(0.2, 0.3), same=(0.4, 0.1)), ["erm", "moved", "same"])
    assert {channel: (change.change > 0, change.significant) for channel, change in changes["moved"].items()} == {
        "color": (False, True), "shape": (True, True),
    }  # fmt: skip
    assert changes["moved"]["color"].change == pytest.approx(-0.2)
    assert not any(change.significant for change in changes["same"].values())


def test_a_row_that_is_only_called_erm_is_not_compared_with():
    assert follow_changes(values(erm=(0.4, 0.1), moved=(0.2, 0.3)), ["moved"]) == {}


def test_a_strangers_row_changes_no_other_row_and_is_corrected_beside_the_baselines():
    ours = {"erm": (0.3, 0.3), "a": (0.29, 0.3), "b": (0.3, 0.31)}
    alone, beside = (follow_changes(values(**rows), list(ours)) for rows in (ours, ours | {"mine": (0.285, 0.3)}))
    assert {label: beside[label] for label in alone} == alone
    least = min(beside["mine"].values(), key=lambda change: change.p)
    assert least.p_holm == pytest.approx(min(6 * least.p, 1))  # two channels of three rows


def test_rows_that_lack_a_channel_are_left_out_and_without_erm_there_is_nothing():
    known = values(erm=(0.3, 0.3), a=(0.2, 0.2), b=(0.2, 0.2))
    del known["shape"]["b"]
    assert list(follow_changes(known, ["erm", "a", "b"])) == ["a"]
    del known["color"]["erm"]
    assert follow_changes(known, ["erm", "a", "b"]) == follow_changes({}, []) == {}
