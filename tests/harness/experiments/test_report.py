import re

import pytest

from spurgen.harness.experiments.conclusions import cautions, conclusions
from spurgen.harness.experiments.report import difference_table, results_table, to_markdown
from spurgen.harness.experiments.summary import Difference
from spurgen.harness.statistics.estimate import Estimate


def statements(summary):
    return "\n".join(conclusions(summary)), "\n".join(cautions(summary))


def test_the_table_has_a_line_per_method_with_means_and_intervals(make_experiment, read_table):
    summary = make_experiment({"erm": {"access": "none"}, "irm": {"access": "envs"}})
    for line, method in zip(read_table(results_table(summary)), summary.methods, strict=True):
        assert list(line) == [
            "Method",
            "Access",
            "Robust",
            "Accuracy",
            "WGA (raw)",
            "WGA",
            "Reliance",
            "SSS (placebo)",
            "IG",
            "Core use",
            "Seconds",
        ]
        accuracy, placebo = method.estimates["accuracy"], method.estimates["sss_placebo"]
        assert (line["Method"], line["Access"]) == (method.name, method.access)
        assert line["Accuracy"] == f"{accuracy.value:.3f} [{accuracy.low:.3f}, {accuracy.high:.3f}]"
        assert accuracy.low < accuracy.value < accuracy.high
        assert line["SSS (placebo)"].endswith(f"({placebo.value:.3f})")
        assert line["Seconds"] == "3.5"  # fit 1 to 5 s, ask .5 s


def test_the_report_describes_the_run_and_how_to_repeat_it(make_experiment):
    text = to_markdown(make_experiment({"erm": {}}), ["a.png"])
    assert "3 classes; 60 train, 30 val, 240 test samples, of which 120 have twins" in text
    assert "## The world, as drawn\n\n| Channel    | Values   | train, 60   | one, " in text
    assert "counted on train; in brackets what the scenario asks for" in text
    assert "- No combination is withheld from train and val." in text
    assert "5 seeds, 0 to 4, on cpu" in text
    assert "```\nspurgen run --x\n```" in text
    assert "[a.png](a.png)" in text


def test_the_report_names_the_devices_of_the_results_not_the_requested_one(make_experiment):
    both = make_experiment({"erm": {"device": "cuda:0"}, "irm": {}})
    assert "0 to 4, on cuda:0 and cpu." in to_markdown(both)


def test_the_report_names_the_rule_that_selected_each_epoch(make_experiment):
    methods = {"erm": {"selection": "val_accuracy"}, "irm": {"selection": "val_accuracy"}, "dro": {"selection": "last"}}
    text = to_markdown(make_experiment(methods | {"silent": {}}))
    assert "The epoch was selected by: val_accuracy (erm, irm); last (dro)." in text
    assert "selected by" not in to_markdown(make_experiment({"silent": {}}))


def test_a_difference_has_its_sign_its_interval_and_its_significance(read_table):
    def difference(metric, *ends, p_holm, p_seeds=None):
        return Difference(
            method="irm", metric=metric, difference=Estimate(*ends), p_value=0.001, p_holm=p_holm, p_seeds=p_seeds
        )

    tests = [
        difference("accuracy", 0.1234, 0.05, 0.2, p_holm=0.0004, p_seeds=0.012),
        difference("wga", -0.02, -0.1004, 0.06, p_holm=0.05),
        difference("sss", -0.3, -0.4, -0.2, p_holm=0.0496, p_seeds=0.00001),
    ]
    rows = [
        ("irm", "accuracy", "+0.123 [+0.050, +0.200]", "0.0004", "yes", "0.012"),
        ("irm", "worst-group accuracy", "-0.020 [-0.100, +0.060]", "0.050", "no", "-"),
        ("irm", "SSS", "-0.300 [-0.400, -0.200]", "0.050", "yes", "< 1e-4"),
    ]
    head = ("Method", "Metric", "Difference", "p (Holm)", "Significant", "p, seeds only (Holm)")
    assert read_table(difference_table(tests)) == [dict(zip(head, row, strict=True)) for row in rows]
    assert list(read_table(difference_table(tests[1:2]))[0]) == [*head[:-1]]


def test_the_report_states_the_number_of_tests_that_p_values_are_corrected_for(make_experiment):
    methods = {"erm": {}, "irm": {}, "dro": {}}
    summary = make_experiment(methods)
    text = to_markdown(summary)
    assert f"## Differences to erm\n\n{difference_table(summary.differences)}\n\np: paired bootstrap" in text
    assert text.count("Holm-corrected over 8 tests") == 2
    assert "t-test" not in to_markdown(make_experiment(methods, seeds=(0,)))


@pytest.mark.parametrize(
    ("methods", "conclusion"),
    [
        ({"good": {"quality": 0.97}}, r"good has a higher accuracy than erm, by 0\.1\d\d \(p < 1e-4\): better\."),
        ({"good": {"quality": 0.97}}, "good has a higher worst-group accuracy than erm, .*: better"),
        ({"good": {"sss": 0.1}}, "good has a lower SSS than erm, .*: better"),
        ({"bad": {"quality": 0.5}}, "bad has a lower accuracy than erm, .*: worse"),
        ({"bad": {"sss": 0.4}}, "bad has a higher SSS than erm, .*: worse"),
        (
            {"blind": {"core": 0.04, "sss": 0.05}},
            r"blind has a lower SSS .*: better\..* See the cautions about blind\.",
        ),
        ({"blind": {"core": 0.04}}, r"core sensitivity above the placebo sensitivity \(disjoint intervals\): erm\."),
        ({"dice": {"quality": 0.33, "sss": 0.1}}, r"^No difference to erm is significant at 5 %\.|^erm relies on"),
        ({"same": {}}, r"^No difference to erm is significant at 5 %\."),
        (
            {"leaning": {"sss": 0.05, "placebo": 0.05}},
            "leaning relies on background: SSS above",
        ),  # color .05, background .1
    ],
)
def test_what_the_estimates_show_is_concluded(make_experiment, methods, conclusion):
    can, _ = statements(make_experiment({"erm": {"quality": 0.8}} | methods))
    assert re.search(conclusion, can, re.MULTILINE)


def test_nothing_else_is_concluded_of_equal_methods(make_experiment):
    learned = (
        "Better than chance, with a core sensitivity above the placebo sensitivity (disjoint intervals): erm and same."
    )
    lines = conclusions(make_experiment({"erm": {"checks": {"x": True}}, "same": {"checks": {"x": True}}}))
    relied = "erm and same rely on color and background: SSS above the placebo sensitivity (disjoint intervals)."
    assert lines[1:] == [relied, learned]
    assert conclusions(make_experiment({"erm": {"error": "boom"}})) == ["Nothing."]


def splits(twins):
    return {"splits": {"train": 60, "val": 30, "test_per_group": 20, "twins": twins}}


@pytest.mark.parametrize(
    ("methods", "changes", "caution"),
    [
        ({"irm": {"error": "irm: `boom`\n..."}}, {}, "irm has no estimates: it failed with seed 0: `irm: 'boom'`"),
        (
            {"irm": {"checks": {"it acts": False}}},
            {},
            r"Not ranked, so compared with no other: irm: sanity check failed \(seed 0\): it acts \(docs/",
        ),
        (
            {"dice": {"quality": 0.33}},
            {},
            "so compared with no other: dice: not significantly better than chance in test accuracy",
        ),
        (
            {"blind": {"core": 0.04}},
            {},
            r"Core sensitivity not above the placebo sensitivity, .* not robustness: blind \(docs/",
        ),
        ({"b": {}, "a": {}}, {}, "different from erm: b in robust accuracy, accuracy, worst-group accuracy and SSS; a"),
        (
            {"b": {}, "a": {}},
            {},
            r"Methods are tested against erm alone, not against one another \(docs/statistics.md\)",
        ),
        ({}, {"seeds": (7,)}, "One training seed: intervals .* use --seeds 0-4."),
        ({}, {"seeds": (0, 1)}, "2 seeds estimate the spread over seeds poorly, .* use --seeds 0-4."),
        (
            {"irm": {"access": "envs"}},
            {},
            r"The methods see different annotations \(erm: none, irm: envs\) \(docs/methods.md\).",
        ),
        ({}, splits(1), "rest on only 1 base sample, so SSS is not tested."),
        ({}, splits(24), "rest on only 24 base samples, so SSS is not tested."),
        ({}, splits(60), "rest on only 60 base samples."),
    ],
)
def test_what_the_estimates_do_not_show_is_a_caution(make_experiment, methods, changes, caution):
    _, cannot = statements(make_experiment({"erm": {}} | methods, **changes))
    assert re.search(caution, cannot)


def test_a_clean_experiment_has_only_the_caution_about_wga(make_experiment):
    (line,) = cautions(make_experiment({"erm": {"checks": {"x": True}}}))
    assert line.startswith("Worst-group accuracy, a minimum over 12 groups of 20 samples, is biased low")


def test_groups_of_several_sizes_are_told(make_experiment):
    sizes = {"train": 60, "val": 30, "test_per_group": 20, "conflicting_per_class": 40, "twins": 60}
    _, cannot = statements(make_experiment({"erm": {}}, splits=sizes))
    assert "a minimum over 12 groups of 20 to 60 samples, is biased low" in cannot


def test_reliance_on_channels_is_not_concluded_from_few_base_samples(make_experiment):
    for twins, concluded in ((24, False), (60, True)):
        can, _ = statements(make_experiment({"erm": {}}, **splits(twins)))
        assert ("relies on" in can) == concluded
        assert ("Better than chance" in can) == concluded


def test_a_method_that_failed_has_no_estimates(make_experiment):
    summary = make_experiment({"erm": {}, "irm": {"error": "boom"}})
    assert summary.methods[1].estimates == {}
    assert not summary.differences
    table = results_table(summary)
    assert re.search(r"\| irm \(not ranked\) +\| none +\| failed +\|", table)
    assert table.endswith("Not ranked: irm: failed with seed 0: boom")


def test_names_in_a_submissions_report_are_text_in_markdown(make_experiment):
    methods = {"erm": {}, "model": {"checks": {"[a](http://b) | <i>": False}, "selection": "**last**"}}
    text = to_markdown(make_experiment(methods))
    assert r"model: sanity check failed (seed 0): \[a\](http://b) \| &lt;i&gt; (docs/" in text
    assert r"selected by: \*\*last\*\* (model)" in text


def test_nothing_is_tested_without_erm(make_experiment):
    summary = make_experiment({"a": {}, "b": {}})
    assert summary.differences == ()
    assert "No method was tested against erm" in statements(summary)[1]
    assert "Differences to" not in to_markdown(summary)


def test_a_wga_of_zero_has_a_guaranteed_interval_above_zero(make_experiment):
    summary = make_experiment({"erm": {}, "hopeless": {"quality": 0.02}})
    hopeless = summary.methods[1].estimates
    # Every replicate of the samples has a group that is all wrong; only the spread of ERM's seeds widens the interval.
    assert hopeless["wga"].low == hopeless["wga"].value == 0
    assert hopeless["wga_guaranteed"].high > hopeless["wga"].high > 0
    interval = f"{hopeless['wga_corrected'].value:.3f} [0.000, {hopeless['wga_guaranteed'].high:.3f}]"
    assert interval in results_table(summary)


@pytest.mark.parametrize(("core", "seeds", "learned"), [(0.6, (0, 1, 2), True), (0.07, (0, 1), False)])
def test_use_of_the_core_cue_is_concluded_only_if_intervals_are_disjoint(make_experiment, core, seeds, learned):
    summary = make_experiment({"erm": {"core": core, "placebo": 0.05}}, seeds)
    assert not summary.methods[0].ignores_core
    can, _ = statements(summary)
    assert ("core sensitivity above the placebo sensitivity (disjoint intervals): erm." in can) == learned


def test_empty_groups_are_a_caution_for_baselines_that_use_groups(make_experiment):
    summary = make_experiment({"erm": {}, "dfr": {"access": "val_groups"}})
    assert "no sample in" not in statements(summary)[1]  # files, not baselines
    ours = []
    for method in summary.methods:
        spec = {"spec": f"spurgen.baselines.{method.name}:submission"}
        ours.append(method.model_copy(update={"results": tuple(r.model_copy(update=spec) for r in method.results)}))
    _, cannot = statements(summary.model_copy(update={"methods": tuple(ours)}))
    assert re.search(r"val has no sample in \d of 12 groups, which dfr cannot take into account", cannot)


def test_a_report_with_one_seed_says_what_its_intervals_and_claims_rest_on(make_experiment):
    methods = {"erm": {}, "good": {"quality": 0.97}}
    one, several = (make_experiment(methods, seeds) for seeds in ((7,), (0, 1, 2, 3, 4)))
    assert "Brackets: 95 % intervals over test samples; one seed does not show how other seeds differ." in to_markdown(
        one
    )
    assert "Brackets: 95 % intervals over training seeds and test samples." in to_markdown(several)
    assert ("variance over seeds" in to_markdown(one), "variance over seeds" in to_markdown(several)) == (False, True)
    assert conclusions(one)[0].startswith("With seed 7, good has a higher robust accuracy than erm")
    assert conclusions(several)[0].startswith("good has a higher robust accuracy than erm")
    assert one.methods[0].estimates["wga"].low is not None


def test_a_claim_that_the_test_over_seeds_does_not_make_says_so(make_experiment):
    summary = make_experiment({"erm": {}, "good": {"quality": 0.97}})
    found = next(d for d in summary.differences if d.metric == "robust_accuracy")
    for p_seeds, said in ((None, False), (0.0, False), (0.01, False), (0.2, True)):
        changed = summary.model_copy(update={"differences": (found.model_copy(update={"p_seeds": p_seeds}),)})
        assert ("The test over seeds alone does not find it (p = 0.200)." in conclusions(changed)[0]) == said


def test_every_caution_is_one_sentence_with_at_most_one_page(make_experiment):
    methods = {name: {"core": 0.01, "access": name} for name in ("none", "envs", "twins")} | {"erm": {"quality": 0.33}}
    lines = cautions(make_experiment(methods, (0,)))
    assert len(lines) == 7
    assert all(line.count(". ") == 0 and line.count("docs/") <= 1 for line in lines)


CHANCE = "not significantly better than chance in test accuracy"


def test_nothing_is_concluded_of_a_method_at_chance_whatever_its_numbers(make_experiment):
    constant = {"quality": 0.34, "sss": 0.001, "placebo": 0.0, "core": 0.3}
    summary = make_experiment({"erm": {"quality": 0.5}, "dice": constant, "good": {"quality": 0.97}})
    assert [(m.name, m.unranked) for m in summary.methods if m.unranked] == [("dice", CHANCE)]
    assert {d.method for d in summary.differences} == {"good"}
    assert "dice" not in "\n".join(conclusions(summary))
    text = to_markdown(summary)
    assert f"\n\nNot ranked: dice: {CHANCE}\n\n" in text
    assert "| dice (not ranked) | none" in text
    assert "Not significantly different from erm: dice" not in text


def test_no_method_is_compared_with_an_erm_that_is_not_ranked(make_experiment):
    summary = make_experiment({"erm": {"quality": 0.33}, "good": {"quality": 0.97}})
    assert summary.differences == ()
    assert "No method was tested against erm, which did not run or is not ranked." in statements(summary)[1]


def test_core_use_has_its_own_name_and_interval(make_experiment, read_table):
    summary = make_experiment({"erm": {}})
    method = summary.methods[0]
    using = method.model_copy(update={"estimates": {**method.estimates, "core_use": Estimate(0.25, 0.2, 0.3)}})
    (line,) = read_table(results_table(summary.model_copy(update={"methods": (using,)})))
    assert line["Core use"] == "0.250 [0.200, 0.300]"
    assert read_table(results_table(summary))[0]["Core use"] == "-"
    assert "Core use: how much probability follows the class" in to_markdown(summary)
