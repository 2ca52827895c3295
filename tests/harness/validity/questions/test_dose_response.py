import pytest

from spurgen.harness.validity.answer import FAILS, HOLDS, VERDICTS
from spurgen.harness.validity.questions import dose_response

DOSES = ("dose-10-image", "dose-50-image", "dose-90-image")
MISLED = ((0.95, 0.7, 0.3), (0.1, 0.2, 0.45))  # robust accuracy and reliance


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines methods, each with robust accuracy, reliance and maybe core use at every dose."""

    def examine(ideals=(), **methods):
        rows = {
            label: {
                task: make_outcomes(
                    label, task, robust, metrics=dict(zip(("reliance", "core_use"), more, strict=False))
                )
                for task, robust, *more in zip(DOSES, *metrics, strict=False)
            }
            for label, metrics in methods.items()
        }
        return dose_response.examine(gathered(rows, ideals=ideals))

    return examine


@pytest.fixture
def trend(line):
    """Return a function that returns a method's trend in a metric."""
    return lambda answer, label, metric: line(answer, submission=label, metric=metric)


def figures(found):
    return [found[f"at {strength}"] for strength in (0.1, 0.5, 0.9)]


def test_erm_with_both_trends_in_excess_of_the_ideal_observer_passes(examined, trend):
    answer = examined(erm=MISLED)
    assert answer.verdict == HOLDS
    robust, reliance = trend(answer, "erm", "robust_accuracy"), trend(answer, "erm", "reliance")
    assert figures(robust) == pytest.approx([0.95, 0.7, 0.3])
    # the least-squares slope over .1, .5, .9 is (last - first) / .8
    assert (robust["slope"], reliance["slope"]) == (pytest.approx(-0.65 / 0.8), pytest.approx(0.35 / 0.8))
    assert robust["slope_low"] < robust["slope"] < robust["slope_high"] < 0
    assert all(each["monotone"] and each["slope_significant"] for each in (robust, reliance))
    assert figures(trend(answer, "(ideal observer)", "robust_accuracy")) == [1, 1, 1]
    assert robust["excess"] == pytest.approx(robust["slope"])


def test_erm_that_equals_the_ideal_observer_gets_no_verdict(examined, trend):
    answer = examined(ideals=dict(zip(DOSES, zip(*MISLED, strict=True), strict=True)), erm=MISLED)
    assert answer.verdict == (
        "no verdict, since the trend of ERM's robust accuracy and reliance is no more than the training data ask for"
    )
    robust = trend(answer, "erm", "robust_accuracy")
    assert robust["slope_significant"]
    assert (robust["excess"], robust["excess_significant"]) == (pytest.approx(0), False)
    assert "ERM's robust accuracy is 0.95, 0.70, 0.30, the ideal observer's 0.95, 0.70, 0.30" in answer.summary


def test_without_an_ideal_observer_erm_is_not_judged_and_its_command_is_named(examined, trend):
    answer = examined(ideals={"dose-50-image": None}, erm=MISLED)
    assert answer.verdict == VERDICTS[None]
    assert "excess" not in trend(answer, "erm", "reliance")
    (lack,) = answer.missing
    assert lack.startswith("dose-50-image: no ideal observer; `spurgen splits ideal --suite ")


@pytest.mark.parametrize(
    ("robust", "reliance", "monotone", "significant"),
    [((0.3, 0.7, 0.95), (0.45, 0.2, 0.1), False, False), ((0.7, 0.8, 0.3), (0.1, 0.2, 0.45), False, True)],
)
def test_a_trend_in_the_wrong_direction_or_not_monotone_fails(examined, trend, robust, reliance, monotone, significant):
    answer = examined(erm=(robust, reliance))
    found = trend(answer, "erm", "robust_accuracy")
    assert (answer.verdict, found["monotone"], found["slope_significant"]) == (FAILS, monotone, significant)
    assert found["p_slope_holm"] < 0.05


def test_what_is_missing_is_named(examined, make_outcomes, gathered, trend):
    answer = examined(erm=MISLED, half=((0.9, 0.5), (0.1, 0.2)))
    assert {each["submission"] for each in answer.tables["Trends"]} == {"(ideal observer)", "erm"}
    assert [each.partition("; `")[0] for each in answer.missing] == ["half: not ranked on dose-90-image"]
    answer = examined(other=MISLED)
    assert (answer.verdict, trend(answer, "other", "reliance")["slope_significant"]) == (VERDICTS[None], True)
    assert answer.missing[0].startswith("dose-10-image, dose-50-image, dose-90-image: no row of erm; `")
    doses = zip(DOSES, *MISLED, strict=True)
    single = {task: make_outcomes("erm", task, r, metrics={"reliance": s}, seeds=1) for task, r, s in doses}
    answer = dose_response.examine(gathered({"erm": single}))
    assert trend(answer, "erm", "robust_accuracy")["slope_significant"] is None
    assert answer.verdict == VERDICTS[None]
    assert answer.missing[0].startswith(f"{', '.join(DOSES)}: too few results for a test; `")


def test_core_and_shortcut_pull_evenly_where_their_lines_cross(examined, line):
    even = line(examined(erm=(*MISLED, (0.5, 0.4, 0.25))), submission="erm", where="between")
    # reliance less core use is -.4, -.2, +.2 at .1, .5, .9: it is 0 halfway between .5 and .9
    assert even["strength"] == pytest.approx(0.7, abs=0.001)
    assert even["strength_low"] is None  # all units are alike
    assert examined(erm=MISLED).tables["Even pull"] == []  # without core use


@pytest.mark.parametrize(
    ("core_use", "where", "text"),
    [((0.05, 0.05, 0.05), "below", "less than 0.1"), ((0.9, 0.9, 0.9), "above", "more than 0.9")],
)
def test_lines_that_do_not_cross_say_on_which_side_they_would(examined, line, core_use, where, text):
    answer = examined(erm=(*MISLED, core_use))
    assert line(answer, submission="erm", where=where)["strength"] is None
    assert answer.summary.endswith(f"Core and shortcut pull evenly at {text}.")


def test_a_single_series_is_drawn_as_a_line_per_method(examined):
    axes = examined(erm=MISLED, other=MISLED).plot().axes
    assert [each.get_ylabel() for each in axes] == ["robust accuracy", "reliance"]
    assert {"erm", "other", "ideal observer"} <= set(axes[0].get_legend_handles_labels()[1])
