import pytest

from spurgen.harness.validity import erm_failure

TASKS = ("signs-image", "signs-text")


@pytest.fixture
def examined(make_outcomes, gathered):
    def examine(wga=0.2, reference=0.97, aligned=0.99, seeds=5, **changes):
        rows = {task: make_outcomes("erm", task, wga, seeds=seeds, aligned=aligned) for task in TASKS}
        changes = {"uncorrelated": True, **changes}
        references = {task: make_outcomes("erm", task, reference, seeds=seeds, **changes) for task in TASKS}
        return erm_failure.examine(gathered({"erm": rows}, references))

    return examine


def test_erm_that_meets_all_thresholds_passes(examined):
    section = examined()
    assert (section.passed, section.missing) == (True, [])
    assert section.thresholds == {"aligned_accuracy": 0.95, "robust_accuracy": 0.5, "reference_robust_accuracy": 0.95}
    assert list(section.tasks) == list(TASKS)
    task = section.tasks["signs-image"]
    assert (task.aligned_accuracy, task.robust_accuracy, task.reference_robust_accuracy) == pytest.approx(
        (0.99, 0.2, 0.97)
    )
    assert (task.seeds, task.reference_seeds) == (5, 5)
    assert "| signs-text  | 0.990" in section.tables()


@pytest.mark.parametrize("changes", [{"wga": 0.51}, {"reference": 0.94}, {"aligned": 0.94}])
def test_each_threshold_can_fail(examined, changes):
    section = examined(**changes)
    assert section.passed is False
    assert section.tasks["signs-text"].passed is False


@pytest.mark.parametrize("seeds", [2, 3])  # the mean of three equal values is off by a rounding
@pytest.mark.parametrize("changes", [{"wga": 0.5}, {"reference": 0.95}, {"aligned": 0.95}])
def test_a_value_that_equals_the_threshold_passes(examined, changes, seeds):
    assert examined(**changes, seeds=seeds).passed is True


@pytest.mark.parametrize("unsound", [{"uncorrelated": False}, {"data_sha256": "0"}, {"groups": (1,) * 12}])
def test_an_invalid_reference_does_not_count(examined, unsound):
    section = examined(**unsound)
    assert section.passed is None
    assert section.tasks["signs-image"].reference_robust_accuracy is None
    (line,) = section.missing
    assert line.startswith("signs-image, signs-text: no erm trained on uncorrelated data; `spurgen calibrate --suite ")
    assert line.endswith("toy.toml --tasks signs-image signs-text` makes what is missing")


def test_the_reason_why_erm_is_not_ranked_is_given(make_outcomes, gathered):
    section = erm_failure.examine(gathered({"erm": {"signs-image": make_outcomes("erm")[::2]}}))
    assert section.passed is None
    assert [line.partition("; `")[0] for line in section.missing[:2]] == [
        "signs-image: erm is not ranked (incomplete: has the seeds 0, 2, 4, expected all from 0 on; run it again)",
        "signs-text: no row of erm",
    ]
    assert section.plot() is None


def test_without_a_reference_a_missed_threshold_still_fails(make_outcomes, gathered):
    rows = {"erm": {task: make_outcomes("erm", task, 0.9) for task in TASKS}}
    assert erm_failure.examine(gathered(rows)).passed is False
