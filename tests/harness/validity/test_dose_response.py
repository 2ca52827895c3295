import pytest

from spurgen.benchmark.scenario_tables import Environment
from spurgen.harness.validity import dose_response

DOSES = ("dose-10-image", "dose-50-image", "dose-90-image")
MISLED = ((0.95, 0.7, 0.3), (0.1, 0.2, 0.45))


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines methods, each with its WGA and its SSS at every dose."""

    def examine(**methods):
        rows = {
            label: {
                task: make_outcomes(label, task, wga, (sss, sss))
                for task, wga, sss in zip(DOSES, *metrics, strict=False)
            }
            for label, metrics in methods.items()
        }
        return dose_response.examine(gathered(rows))

    return examine


def test_erm_with_both_trends_passes(examined):
    section = examined(erm=MISLED)
    assert section.passed is True
    assert (section.tasks, section.strengths) == (list(DOSES), [0.1, 0.5, 0.9])
    wga, sss = section.methods["erm"].wga, section.methods["erm"].sss
    assert wga.figures == pytest.approx([0.95, 0.7, 0.3])
    # the least-squares slope over .1, .5, .9 is (last - first) / .8
    assert (wga.slope, sss.slope) == (pytest.approx(-0.65 / 0.8), pytest.approx(0.35 / 0.8))
    assert wga.interval[0] < wga.slope < wga.interval[1] < 0
    assert all(trend.monotone and trend.significant for trend in (wga, sss))
    assert "-0.812 (" in section.tables()


def test_a_method_without_a_trend_does_not_fail_the_test(examined):
    section = examined(erm=MISLED, robust=((0.8, 0.8, 0.8), (0.1, 0.1, 0.1)))
    assert section.passed is True
    robust = section.methods["robust"]
    assert (robust.wga.significant, robust.wga.monotone, robust.sss.significant) == (False, True, False)


def test_a_trend_in_the_wrong_direction_fails(examined):
    section = examined(erm=((0.3, 0.7, 0.95), (0.45, 0.2, 0.1)))
    erm = section.methods["erm"]
    assert not any(trend.monotone or trend.significant for trend in (erm.wga, erm.sss))
    assert erm.wga.p_holm < 0.05
    assert section.passed is False


def test_a_trend_that_is_not_monotone_fails(examined):
    section = examined(erm=((0.7, 0.8, 0.3), (0.1, 0.2, 0.45)))
    assert (section.methods["erm"].wga.monotone, section.methods["erm"].wga.significant) == (False, True)
    assert section.passed is False


def test_a_method_that_lacks_a_dose_is_named(examined):
    section = examined(erm=MISLED, half=((0.9, 0.5), (0.1, 0.2)))
    assert list(section.methods) == ["erm"]
    assert [line.partition("; `")[0] for line in section.missing] == ["half: not ranked on dose-90-image"]


def test_without_erm_nothing_is_judged(examined):
    section = examined(other=MISLED)
    assert section.passed is None
    assert section.methods["other"].wga.significant
    assert section.missing[0].startswith("dose-10-image, dose-50-image, dose-90-image: no row of erm; `")


def test_a_dose_has_one_strength_in_all_channels_and_environments(toy):
    task = toy.task("dose-50-image")
    assert dose_response.strength_of(task) == 0.5
    unlike = {**task.scenario.channels, "color": task.scenario.channels["color"].model_copy(update={"strength": 0.4})}
    alike = (Environment(name="one", strength={"color": 0.5}), Environment(name="two"))
    stronger = (*alike, Environment(name="three", strength={"color": 0.9}))
    for update, strength in (
        ({"channels": unlike}, None),
        ({"environments": alike}, 0.5),
        ({"environments": stronger}, None),
        ({"channels": unlike, "environments": alike[:1]}, 0.5),
        ({"channels": unlike, "environments": alike}, None),
    ):
        changed = task.scenario.model_copy(update=update)
        assert dose_response.strength_of(type(task)("t", changed, "image")) == strength
