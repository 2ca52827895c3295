from dataclasses import replace

import pytest

from spurgen.benchmark.contract import ACCESS
from spurgen.harness.validity.questions import whac_a_mole


@pytest.fixture
def examined(make_outcomes, gathered):
    def examine(**methods):
        rows = {label: {"signs-image": make_outcomes(label, follows=leans)} for label, leans in methods.items()}
        return whac_a_mole.examine(gathered(rows))

    return examine


def test_a_channel_that_rises_while_another_falls_is_a_mole(examined, line):
    answer = examined(erm=(0.4, 0.2), moved=(0.2, 0.3), cured=(0.2, 0.2), worse=(0.5, 0.2))
    counts = line(answer, task="signs-image", methods=3)
    assert [counts[key] for key in ("less_on_some", "moved", "only_more")] == [2, 1, 1]
    assert counts["moles"] == ["moved: background"]
    change = line(answer, submission="moved", channel="color")
    assert (change["change"], change["erm"]) == (pytest.approx(-0.2), pytest.approx(0.4))
    assert change["change_low"] < -0.2 < change["change_high"] < 0
    assert answer.summary == (
        "Of 3 methods, 2 follow some shortcut significantly less than ERM, 1 of these another more (moved); "
        "besides, 1 follow some more and none less."
    )


def test_the_summary_is_of_each_main_task_and_of_a_shortcut_that_training_is_not_told_of(make_outcomes, gathered):
    leans = {"signs-image": {"erm": (0.4, 0.2), "m": (0.2, 0.2)}, "signs-text": {"erm": (0.4, 0.2), "m": (0.5, 0.2)}}
    rows = {
        label: {task: make_outcomes(label, task, follows=each[label]) for task, each in leans.items()}
        for label in ("erm", "m")
    }
    summary = whac_a_mole.examine(gathered(rows)).summary
    assert summary == (
        "Of 1 methods, 1 / 0 follow some shortcut significantly less than ERM, 0 of these another more (none); "
        "besides, 0 / 1 follow some more and none less."
    )


@pytest.mark.parametrize("access", ACCESS)
def test_only_a_method_that_sees_groups_was_given_a_channel_and_none_a_hidden_one(
    make_outcomes, gathered, line, access
):
    rows = {"erm": {}, "m": {"access": access}}
    ranked = gathered({label: {"signs-image": make_outcomes(label, **more)} for label, more in rows.items()})
    ladder = ranked.tasks["signs-image"]
    channels = dict(ladder.task.scenario.channels)
    channels["background"] = channels["background"].model_copy(update={"hidden": True})
    scenario = ladder.task.scenario.model_copy(update={"channels": channels})
    hidden = replace(ladder, task=replace(ladder.task, scenario=scenario))
    answer = whac_a_mole.examine(replace(ranked, tasks={**ranked.tasks, "signs-image": hidden}))
    given = [line(answer, submission="m", channel=channel)["given"] for channel in ("color", "background")]
    assert given == [access in ("val_groups", "train_groups"), False]
    told = " On signs-image, whose training is not told of background, m follows it in 10%, ERM in 10%."
    assert answer.summary.endswith(told)


def test_a_channel_that_repels_is_followed_less(make_outcomes, gathered, line):
    """Its SSS rises, since SSS has no direction."""
    rows = {
        "erm": {"signs-image": make_outcomes("erm", sss=(0.1, 0.2), follows=(0.1, 0.2))},
        "m": {"signs-image": make_outcomes("m", sss=(0.4, 0.2), follows=(0.02, 0.2))},
    }
    counts = line(whac_a_mole.examine(gathered(rows)), task="signs-image", methods=1)
    assert (counts["less_on_some"], counts["moved"], counts["only_more"]) == (1, 0, 0)


def test_p_values_are_corrected_over_methods_and_channels(examined):
    changes = examined(erm=(0.3, 0.3), a=(0.31, 0.29), b=(0.32, 0.28)).tables["Changes"]
    assert len(changes) == 4
    least = min(changes, key=lambda change: change["p"])
    assert least["p_holm"] == pytest.approx(4 * least["p"])


def test_rows_are_compared_on_the_seeds_that_both_have(make_outcomes, gathered, line):
    rows = {
        "erm": {"signs-image": make_outcomes("erm", follows=(0.4, 0.2), seeds=2)},
        "m": {"signs-image": make_outcomes("m", follows=(0.1, 0.2))[:2] + make_outcomes("m", follows=(0.4, 0.2))[2:]},
    }
    change = line(whac_a_mole.examine(gathered(rows)), submission="m", channel="color")["change"]
    assert change == pytest.approx(-0.3, abs=0.01)


def test_missing_rows_are_listed(examined):
    answer = examined(m=(0.3, 0.3))
    assert (answer.summary, answer.plot) == ("", None)
    assert answer.missing[0].startswith("signs-image, signs-text, weak-image: ")
    assert "no row of erm; `spurgen benchmark --suite " in answer.missing[0]
    assert "signs-image: no ranked row beside erm" in examined(erm=(0.3, 0.3)).missing[0]
