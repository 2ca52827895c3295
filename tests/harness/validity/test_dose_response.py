import pytest

from spurgen.benchmark.scenario import Environment
from spurgen.harness.validity import dose_response

DOSES = ("dose-10-image", "dose-50-image", "dose-90-image")


@pytest.fixture
def examined(make_cells, weigh):
    def examine(**methods):
        rows = {
            label: {
                task: make_cells(label, task, wga, (sss, sss)) for task, wga, sss in zip(DOSES, *planted, strict=False)
            }
            for label, planted in methods.items()
        }
        return dose_response.examine(weigh(rows))

    return examine


FOOLED = ((0.95, 0.7, 0.3), (0.1, 0.2, 0.45))


def test_a_method_that_is_fooled_more_the_more_shows_both_trends(examined):
    result = examined(erm=FOOLED)
    assert result["passed"] is True
    assert (result["tasks"], result["strengths"]) == (list(DOSES), [0.1, 0.5, 0.9])
    wga, sss = result["methods"]["erm"]["wga"], result["methods"]["erm"]["sss"]
    assert wga["figures"] == pytest.approx([0.95, 0.7, 0.3])
    # the least-squares slope over .1, .5, .9 is (last - first) / .8
    assert (wga["slope"], sss["slope"]) == (pytest.approx(-0.65 / 0.8), pytest.approx(0.35 / 0.8))
    assert wga["interval"][0] < wga["slope"] < wga["interval"][1] < 0
    assert all(trend["monotone"] and trend["significant"] for trend in (wga, sss))
    assert "-0.812 (" in dose_response.tell(result)


def test_a_method_that_is_not_fooled_has_no_trend_and_that_is_no_failure(examined):
    result = examined(erm=FOOLED, robust=((0.8, 0.8, 0.8), (0.1, 0.1, 0.1)))
    assert result["passed"] is True
    trends = result["methods"]["robust"]
    assert not trends["wga"]["significant"]
    assert trends["wga"]["monotone"]
    assert not trends["sss"]["significant"]


def test_a_trend_the_wrong_way_is_significant_for_nothing(examined):
    result = examined(erm=((0.3, 0.7, 0.95), (0.45, 0.2, 0.1)))
    trends = result["methods"]["erm"]
    assert not any(trend["monotone"] or trend["significant"] for trend in trends.values())
    assert trends["wga"]["p_holm"] < 0.001
    assert result["passed"] is False


def test_a_bend_is_not_monotone(examined):
    result = examined(erm=((0.7, 0.8, 0.3), (0.1, 0.2, 0.45)))
    assert not result["methods"]["erm"]["wga"]["monotone"]
    assert result["methods"]["erm"]["wga"]["significant"]
    assert result["passed"] is False


def test_a_method_that_lacks_a_dose_is_named(examined):
    result = examined(erm=FOOLED, half=((0.9, 0.5), (0.1, 0.2)))
    assert list(result["methods"]) == ["erm"]
    assert [line.partition("; `")[0] for line in result["missing"]] == ["half: not ranked on dose-90-image"]


def test_without_erm_nothing_is_judged(examined):
    result = examined(other=FOOLED)
    assert result["passed"] is None
    assert result["methods"]["other"]["wga"]["significant"]
    assert result["missing"][0].startswith("dose-10-image, dose-50-image, dose-90-image: no row of erm; `")


def test_a_dose_is_one_strength_everywhere(toy):
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
