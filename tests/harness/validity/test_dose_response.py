import pytest

from spurgen.harness.validity import dose_response

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


def only(section):
    (series,) = section.series
    return series


def test_erm_with_both_trends_in_excess_of_the_ideal_observer_passes(examined):
    section = examined(erm=MISLED)
    assert (section.passed, section.verdict) == (True, "holds")
    series = only(section)
    assert (series.name, series.tasks, series.strengths) == ("", list(DOSES), [0.1, 0.5, 0.9])
    robust, reliance = series.methods["erm"].robust_accuracy, series.methods["erm"].reliance
    assert robust.figures == pytest.approx([0.95, 0.7, 0.3])
    # the least-squares slope over .1, .5, .9 is (last - first) / .8
    assert (robust.slope.slope, reliance.slope.slope) == (pytest.approx(-0.65 / 0.8), pytest.approx(0.35 / 0.8))
    assert robust.slope.interval[0] < robust.slope.slope < robust.slope.interval[1] < 0
    assert all(trend.monotone and trend.slope.significant for trend in (robust, reliance))
    assert (robust.ideal, reliance.ideal) == ([1, 1, 1], [0, 0, 0])
    assert robust.excess.slope == pytest.approx(robust.slope.slope)
    assert "-0.812 (" in section.tables()


def test_erm_that_equals_the_ideal_observer_gets_no_verdict(examined):
    section = examined(ideals=dict(zip(DOSES, zip(*MISLED, strict=True), strict=True)), erm=MISLED)
    series = only(section)
    assert (section.passed, series.asked_for) == (None, ["robust_accuracy", "reliance"])
    assert section.verdict == (
        "no verdict, since the trend of ERM's robust accuracy and reliance is no more than the training data ask for"
    )
    trend = series.methods["erm"].robust_accuracy
    assert trend.slope.significant
    assert (trend.excess.slope, trend.excess.significant) == (pytest.approx(0), False)
    assert trend.ideal == pytest.approx(trend.figures)
    assert "ERM's robust accuracy is 0.95, 0.70, 0.30, the ideal observer's 0.95, 0.70, 0.30" in section.summary()
    assert "| (ideal observer) | robust accuracy | 0.950 | 0.700 | 0.300 |" in section.tables()


def test_one_metric_without_excess_leaves_it_without_a_verdict(examined):
    ideals = {name: (robust, 0.0) for name, robust in zip(DOSES, MISLED[0], strict=True)}
    section = examined(ideals=ideals, erm=MISLED)
    assert (section.passed, only(section).asked_for) == (None, ["robust_accuracy"])


def test_without_an_ideal_observer_erm_is_not_judged_and_its_command_is_named(examined):
    section = examined(ideals={"dose-50-image": None}, erm=MISLED)
    assert (section.passed, only(section).asked_for) == (None, [])
    assert only(section).methods["erm"].reliance.excess is None
    (line,) = section.missing
    assert line.startswith("dose-50-image: no ideal observer; `spurgen splits ideal --suite ")
    assert section.verdict.startswith("not judged: what it needs is missing")


def test_a_method_without_a_trend_does_not_fail_the_test(examined):
    section = examined(erm=MISLED, robust=((0.8, 0.8, 0.8), (0.1, 0.1, 0.1)))
    assert section.passed is True
    robust = only(section).methods["robust"]
    assert (robust.robust_accuracy.slope.significant, robust.robust_accuracy.monotone) == (False, True)
    assert robust.reliance.slope.significant is False


def test_a_trend_in_the_wrong_direction_fails(examined):
    section = examined(erm=((0.3, 0.7, 0.95), (0.45, 0.2, 0.1)))
    trends = only(section).methods["erm"].trends.values()
    assert not any(trend.monotone or trend.slope.significant for trend in trends)
    assert only(section).methods["erm"].robust_accuracy.slope.p_holm < 0.05
    assert section.passed is False


def test_a_trend_that_is_not_monotone_fails(examined):
    section = examined(erm=((0.7, 0.8, 0.3), (0.1, 0.2, 0.45)))
    trend = only(section).methods["erm"].robust_accuracy
    assert (trend.monotone, trend.slope.significant) == (False, True)
    assert section.passed is False


def test_a_method_that_lacks_a_dose_is_named(examined):
    section = examined(erm=MISLED, half=((0.9, 0.5), (0.1, 0.2)))
    assert list(only(section).methods) == ["erm"]
    assert [line.partition("; `")[0] for line in section.missing] == ["half: not ranked on dose-90-image"]


def test_a_single_unit_allows_no_test_and_is_no_failure(make_outcomes, gathered):
    rows = {
        "erm": {
            task: make_outcomes("erm", task, robust, metrics={"reliance": reliance}, seeds=1)
            for task, robust, reliance in zip(DOSES, *MISLED, strict=True)
        }
    }
    section = dose_response.examine(gathered(rows))
    assert only(section).methods["erm"].robust_accuracy.slope.significant is None
    assert section.passed is None
    assert section.missing[0].startswith(f"{', '.join(DOSES)}: too few results for a test; `")


def test_without_erm_nothing_is_judged(examined):
    section = examined(other=MISLED)
    assert section.passed is None
    assert only(section).methods["other"].robust_accuracy.slope.significant
    assert section.missing[0].startswith("dose-10-image, dose-50-image, dose-90-image: no row of erm; `")


def test_core_and_shortcut_pull_evenly_where_their_lines_cross(examined):
    even = only(examined(erm=(*MISLED, (0.5, 0.4, 0.25)))).methods["erm"].even
    # reliance less core use is -.4, -.2, +.2 at .1, .5, .9: it is 0 halfway between .5 and .9
    assert (even.where, even.strength.value) == ("between", pytest.approx(0.7, abs=0.001))
    assert even.strength.low is None  # all units are alike


@pytest.mark.parametrize(
    ("core_use", "where", "text"),
    [((0.05, 0.05, 0.05), "below", "less than 0.1"), ((0.9, 0.9, 0.9), "above", "more than 0.9")],
)
def test_lines_that_do_not_cross_say_on_which_side_they_would(examined, core_use, where, text):
    section = examined(erm=(*MISLED, core_use))
    assert only(section).methods["erm"].even == dose_response.EvenPull(where, None)
    assert f"Core and shortcut pull evenly at {text}." in section.summary()


def test_rows_without_core_use_have_no_strength_of_even_pull(examined):
    assert only(examined(erm=MISLED)).methods["erm"].even is None
