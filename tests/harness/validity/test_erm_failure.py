import pytest

from spurgen.harness.validity import erm_failure

TASKS = ("signs-image", "signs-text")


@pytest.fixture
def examined(make_cells, weigh):
    def examine(wga=0.2, reference=0.97, aligned=0.99, seeds=3, **changes):
        rows = {task: make_cells("erm", task, wga, seeds=seeds, aligned=aligned) for task in TASKS}
        uncorrelated = {"uncorrelated": True, **changes}
        references = {task: make_cells("erm", task, reference, seeds=seeds, **uncorrelated) for task in TASKS}
        return erm_failure.examine(weigh({"erm": rows}, references))

    return examine


def test_what_the_design_asks_for_passes(examined):
    result = examined()
    assert result["passed"] is True
    assert result["missing"] == []
    assert result["thresholds"] == {"aligned_accuracy": 0.95, "wga": 0.35, "reference_wga": 0.9}
    found = result["tasks"]["signs-image"]
    assert (found["aligned_accuracy"], found["wga"], found["reference_wga"]) == pytest.approx((0.99, 0.2, 0.97))
    assert (found["seeds"], found["reference_seeds"]) == (3, 3)
    assert list(result["tasks"]) == list(TASKS)
    assert "| signs-text  | 0.990" in erm_failure.tell(result)


@pytest.mark.parametrize("changes", [{"wga": 0.36}, {"reference": 0.89}, {"aligned": 0.94}])
def test_any_threshold_can_fail_it(examined, changes):
    result = examined(**changes)
    assert result["passed"] is False
    assert result["tasks"]["signs-text"]["passed"] is False


@pytest.mark.parametrize("seeds", [2, 3])  # the mean of three equal figures is off by a rounding
@pytest.mark.parametrize("changes", [{"wga": 0.35}, {"reference": 0.9}, {"aligned": 0.95}])
def test_a_threshold_met_is_met(examined, changes, seeds):
    assert examined(**changes, seeds=seeds)["passed"] is True


@pytest.mark.parametrize("unsound", [{"uncorrelated": False}, {"data_sha256": "0"}, {"groups": (1,) * 12}])
def test_a_reference_of_another_kind_does_not_count(examined, unsound):
    result = examined(**unsound)
    assert result["passed"] is None
    assert result["tasks"]["signs-image"]["reference_wga"] is None
    (told,) = result["missing"]
    assert told.startswith("signs-image, signs-text: no erm trained on uncorrelated data; `spurgen calibrate --suite ")
    assert told.endswith("toy.toml --tasks signs-image signs-text` makes what is missing")


def test_why_erm_is_not_ranked_is_told(make_cells, weigh):
    gappy = make_cells("erm")[::2]
    result = erm_failure.examine(weigh({"erm": {"signs-image": gappy}}))
    assert result["passed"] is None
    assert [line.partition("; `")[0] for line in result["missing"][:2]] == [
        "signs-image: erm is not ranked (incomplete: has the seeds 0, 2 instead of 0 to 1)",
        "signs-text: no row of erm",
    ]
    assert erm_failure.draw(result) is None


def test_a_threshold_already_missed_needs_no_reference(make_cells, weigh):
    result = erm_failure.examine(weigh({"erm": {task: make_cells("erm", task, 0.9) for task in TASKS}}))
    assert result["passed"] is False
