import re

import pytest

from spurgen.harness.experiments.conclusions import cautions, conclusions
from spurgen.harness.experiments.report import difference_table, results_table, to_markdown
from spurgen.harness.experiments.summary import Difference


def told(record):
    return "\n".join(conclusions(record)), "\n".join(cautions(record))


def test_the_table_has_every_method_with_means_and_intervals(make_experiment, read_table):
    record = make_experiment({"erm": {"access": "none"}, "irm": {"access": "envs"}})
    for line, method in zip(read_table(results_table(record)), record.methods, strict=True):
        assert list(line) == ["Method", "Access", "Accuracy", "WGA", "SSS (floor)", "IG", "Core", "Seconds"]
        cells = list(line.values())
        accuracy, floor = method.figures["accuracy"], method.figures["sss_placebo"]
        assert cells[:2] == [method.name, method.access]
        assert cells[2] == f"{accuracy.value:.3f} [{accuracy.low:.3f}, {accuracy.high:.3f}]"
        assert accuracy.low < accuracy.value < accuracy.high
        assert cells[4].endswith(f"({floor.value:.3f})")
        assert cells[7] == "3.5"  # fit 1 to 5 s, ask .5 s


def test_the_report_says_what_was_run_and_how_to_run_it_again(make_experiment):
    text = to_markdown(make_experiment({"erm": {}}), ["a.png"])
    assert "3 classes; 60 train, 30 val, 240 test samples, 120 of these with twins" in text
    assert "color (0.9 in one, 0.75 in two)" in text
    assert "5 seeds, 0 to 4, on cpu" in text
    assert "```\nspurgen run --x\n```" in text
    assert "[a.png](a.png)" in text


def test_the_report_names_the_devices_that_trained_not_the_one_asked_for(make_experiment):
    assert "0 to 4, on cuda:0." in to_markdown(make_experiment({"erm": {"device": "cuda:0"}}))
    both = make_experiment({"erm": {"device": "cuda:0"}, "irm": {}})
    assert "0 to 4, on cuda:0 and cpu." in to_markdown(both)


def test_the_report_says_how_each_epoch_was_picked(make_experiment):
    methods = {"erm": {"selection": "val_accuracy"}, "irm": {"selection": "val_accuracy"}, "dro": {"selection": "last"}}
    text = to_markdown(make_experiment(methods | {"silent": {}}))
    assert "The epoch was picked by: val_accuracy (erm, irm); last (dro)." in text
    assert "picked by" not in to_markdown(make_experiment({"silent": {}}))


def test_a_difference_is_told_with_its_sign_its_interval_and_whether_it_is_significant(read_table):
    def difference(figure, value, low, high, p_holm, p_seeds):
        ends = {"low": low, "high": high, "p_value": 0.001, "p_holm": p_holm, "p_seeds": p_seeds}
        return Difference(method="irm", figure=figure, value=value, **ends)

    tests = [
        difference("accuracy", 0.1234, 0.05, 0.2, 0.0004, 0.012),
        difference("wga", -0.02, -0.1004, 0.06, 0.05, None),
        difference("sss", -0.3, -0.4, -0.2, 0.0496, 0.0001),
    ]
    shown = [
        ("irm", "accuracy", "+0.123 [+0.050, +0.200]", "< 0.001", "yes", "0.012"),
        ("irm", "worst-group accuracy", "-0.020 [-0.100, +0.060]", "0.050", "no", "-"),
        ("irm", "SSS", "-0.300 [-0.400, -0.200]", "0.050", "yes", "< 0.001"),
    ]
    head = ("Method", "Figure", "Difference", "p (Holm)", "Significant", "p of the seeds alone (Holm)")
    assert read_table(difference_table(tests)) == [dict(zip(head, row, strict=True)) for row in shown]


def test_the_report_tells_how_many_tests_the_p_values_are_corrected_for(make_experiment):
    record = make_experiment({"erm": {}, "irm": {}, "dro": {}})
    text = to_markdown(record)
    assert f"## Differences to erm\n\n{difference_table(record.differences)}\n\np: paired bootstrap" in text
    assert "Holm-corrected over all 6 tests." in text


def test_a_clear_difference_is_concluded_and_an_unclear_one_is_not(make_experiment):
    record = make_experiment({"erm": {"quality": 0.6}, "good": {"quality": 0.95, "sss": 0.1}, "same": {"quality": 0.6}})
    can, cannot = told(record)
    assert re.search(r"good has a higher accuracy than erm, by 0\.3\d\d \(p < 0\.001\): better\.", can)
    assert re.search(r"good has a higher worst-group accuracy than erm, .*: better", can)
    assert re.search(r"good has a lower SSS than erm, .*: better", can)
    assert "same has" not in can
    assert "Whether same differs from erm in accuracy: not significant." in cannot
    assert "good differs" not in cannot


def test_worse_is_called_worse(make_experiment):
    can, _ = told(make_experiment({"erm": {"quality": 0.95}, "bad": {"quality": 0.6, "sss": 0.4}}))
    assert re.search(r"bad has a lower accuracy than erm, .*: worse", can)
    assert re.search(r"bad has a higher SSS than erm, .*: worse", can)


def test_without_any_clear_difference_it_says_so(make_experiment):
    can, cannot = told(make_experiment({"erm": {}, "b": {}, "a": {}}))
    assert "No difference to erm is significant at 5 %." in can
    assert "Whether b or a differs from erm in worst-group accuracy: not significant." in cannot


def test_intervals_that_overlap_leave_the_order_open(make_experiment):
    record = make_experiment({"erm": {}, "low": {"quality": 0.5}, "mid": {"quality": 0.8}, "near": {"quality": 0.8}})
    _, cannot = told(record)
    assert "Which has the higher accuracy of mid / near: their intervals overlap, and no test was made." in cannot


def test_of_many_overlapping_pairs_a_few_are_named(make_experiment):
    _, cannot = told(make_experiment({"erm": {}} | {f"m{k}": {} for k in range(5)}))
    assert "m0 / m1, m0 / m2, m0 / m3, m0 / m4, m1 / m2, m1 / m3 and 4 more pairs" in cannot


@pytest.mark.parametrize(
    ("seeds", "said"),
    [((7,), "there is only one, so the intervals"), ((0, 1), "2 seeds tell little"), (range(5), None)],
)
def test_few_seeds_are_owned_up_to(make_experiment, seeds, said):
    _, cannot = told(make_experiment({"erm": {}, "irm": {}}, seeds=tuple(seeds)))
    assert (said is None or said in cannot) and ("--num_seeds 5" in cannot) == (said is not None)  # noqa: PT018


def test_a_broken_promise_takes_a_conclusion_back(make_experiment):
    kept = make_experiment({"erm": {"quality": 0.6}, "irm": {"quality": 0.95, "checks": {"the penalty acts": True}}})
    broken = make_experiment({"erm": {"quality": 0.6}, "irm": {"quality": 0.95, "checks": {"the penalty acts": False}}})
    assert "But see below" not in told(kept)[0]
    assert "irm has a higher accuracy" in told(broken)[0]
    assert "But see below" in told(broken)[0]
    assert "broke a promise" not in told(kept)[1]
    says = "irm broke a promise, so its row says nothing of the method: it is not so that the penalty acts."
    assert says in told(broken)[1]


def test_a_model_that_ignores_the_core_gets_no_praise_for_low_sss(make_experiment):
    can, cannot = told(make_experiment({"erm": {}, "blind": {"core": 0.04, "sss": 0.01}}))
    assert re.search(r"blind has a lower SSS than erm, .*: better\..* But see below\.", can)
    assert "blind ignores the core cue: its core sensitivity (0.04" in cannot
    assert "A low SSS or IG of it is no robustness" in cannot
    assert "more than by nuisances, intervals apart: erm." in can


def test_a_model_at_chance_is_named(make_experiment):
    can, cannot = told(make_experiment({"erm": {}, "dice": {"quality": 0.33}}))
    assert "dice is not significantly better than chance" in cannot
    assert "erm is not" not in cannot
    assert "more than by nuisances, intervals apart: erm." in can


def test_leaning_on_a_channel_is_said_where_its_interval_clears_the_floor(make_experiment):
    can, _ = told(make_experiment({"erm": {"sss": 0.05, "placebo": 0.05}}))
    assert "erm leans on background: SSS" in can  # color .05, background .10, floor .05


@pytest.mark.parametrize(
    ("twins", "told_of"),
    [(1, "1 base sample only, so SSS was not tested"), (24, "24 base samples only, so SSS was not tested")],
)
def test_nothing_is_concluded_of_channels_from_a_handful_of_base_samples(make_experiment, twins, told_of):
    sizes = {"train": 60, "val": 30, "test_per_group": 20, "twins": twins}
    can, cannot = told(make_experiment({"erm": {"sss": 0.05, "placebo": 0.05}}, splits=sizes))
    assert "leans on" not in can
    assert f"they rest on {told_of}" in cannot


def test_a_failed_method_is_told_with_its_reason_and_has_no_figures(make_experiment):
    record = make_experiment({"erm": {}, "irm": {"error": "irm: `boom`\nand a trace"}})
    assert record.methods[1].figures == {}
    assert not record.differences
    assert re.search(r"\| irm +\| none +\| failed +\|", results_table(record))
    assert "Nothing about irm: it failed with seed 0: `irm: 'boom'`" in told(record)[1]


def test_if_everything_failed_nothing_is_concluded(make_experiment):
    assert conclusions(make_experiment({"erm": {"error": "boom"}})) == ["Nothing."]


def test_without_erm_nothing_is_tested(make_experiment):
    record = make_experiment({"a": {}, "b": {}})
    assert record.differences == ()
    assert "No method was tested against erm" in told(record)[1]
    assert "Differences to" not in to_markdown(record)


def test_a_wga_of_zero_is_not_taken_for_certain(make_experiment):
    record = make_experiment({"erm": {}, "hopeless": {"quality": 0.02}})
    hopeless = record.methods[1].figures
    # Every replicate of the samples has a group that is all wrong; all that widens the interval is ERM's seeds.
    assert hopeless["wga"].low == hopeless["wga"].value == 0
    assert hopeless["wga_guaranteed"].high > hopeless["wga"].high > 0
    end = f"{hopeless['wga_corrected'].value:.3f} [0.000, {hopeless['wga_guaranteed'].high:.3f}]"
    assert f"hopeless {end}" in told(record)[1]


def test_unlike_access_and_few_bases_are_cautioned_about(make_experiment):
    sizes = {"train": 60, "val": 30, "test_per_group": 20, "twins": 24}
    _, cannot = told(make_experiment({"erm": {}, "irm": {"access": "envs"}}, splits=sizes))
    assert "they see different annotations (erm: none, irm: envs)" in cannot
    assert "they rest on 24 base samples only" in cannot
    assert "base samples" not in told(make_experiment({"erm": {}}))[1]


@pytest.mark.parametrize(("core", "seeds", "learned"), [(0.6, (0, 1, 2), True), (0.07, (0, 1), False)])
def test_who_is_moved_by_the_core_cue_is_concluded_where_the_intervals_lie_apart(make_experiment, core, seeds, learned):
    record = make_experiment({"erm": {"core": core, "placebo": 0.05}}, seeds)
    assert not record.methods[0].ignores_core
    can, _ = told(record)
    assert ("moved by the core cue more than by nuisances, intervals apart: erm." in can) == learned


def test_groups_that_a_method_could_not_see_are_cautioned_about(make_experiment):
    record = make_experiment({"erm": {}, "dfr": {"access": "val_groups"}})
    ours = [m.model_copy(update={"spec": f"spurgen.baselines.{m.name}:submission"}) for m in record.methods]
    assert "no sample in" not in told(record)[1]
    _, cannot = told(record.model_copy(update={"methods": tuple(ours)}))
    assert re.search(r"shown every group: val has no sample in \d of 12 groups, so dfr cannot know of them", cannot)
