import json

import numpy as np
import pytest

from spurgen.benchmark.worlds.collections import EVERYTHING
from spurgen.harness.own.climb import CEILING, Answered
from spurgen.harness.own.collection import FOLDS, folds_of
from spurgen.harness.own.report import summarize

RUNGS = (0, 2, 8, 24)


@pytest.fixture
def summary(scenes, read):
    """Return a function that summarizes methods by the share of misleading test samples that each rung gets right."""
    data = read(scenes)
    labels, misled = (each[data.inside("test")] for each in (data.labels, data.misleads))
    turn = np.empty(len(labels))
    for k in range(2):
        turn[(labels == k) & misled] = np.arange(20) / 20

    def answer(share):
        return Answered(np.where(misled & (turn >= share), 1 - labels, labels), ("a check",) * (share == 0.9), l2=1e-3)

    folds = folds_of(data)

    def make(failed=(), target=0.75, ceiling=None, **shares):
        answers = {
            (name, m, seed): Answered(None, error="no") if name in failed else answer(share)
            for name, each in shares.items()
            for m, share in zip((*RUNGS, EVERYTHING), (*each, each[-1]), strict=True)
            for seed in range(1 if m == EVERYTHING else 5)
        }
        for fold in range(FOLDS if ceiling else 0):
            asked = data.labels[folds == fold]
            wrong = np.arange(len(asked)) >= ceiling * len(asked)
            answers["erm", CEILING, fold] = Answered(np.where(wrong, 1 - asked, asked))
        return summarize(data, answers, RUNGS, folds, target)

    return make


def test_the_sentence_tells_what_is_needed_and_what_there_is(summary):
    made = summary(erm=(0, 0.2, 0.4, 0.6), jtt=(0, 0.2, 0.5, 0.5), subg=(0, 0.5, 0.8, 0.9), dfr=(0, 0.9, 0.9, 0.95))
    assert made.sentence == (
        "On your data subg needs about 6 counterexamples for 75 %, dfr at most 2, erm and jtt more than 24 (erm about "
        "55 if curves go on); you have 24."
    )
    assert [curve.points[8].value for curve in made.curves] == pytest.approx([0.4, 0.5, 0.8, 0.9])


def test_the_target_is_three_quarters_of_the_ceiling(summary):
    made = summary(target=None, ceiling=0.6, erm=(0, 0.2, 0.4, 0.6))
    accuracy, target = made.ceiling.accuracy, 0.75 * made.ceiling.accuracy.value
    assert accuracy.low < 0.6 < accuracy.high
    assert (made.ceiling.samples, made.target) == (168, target)
    assert made.sentence == (
        f"On your data erm needs about 11 counterexamples for {100 * target:.0f} % (the ceiling is "
        f"{100 * accuracy.value:.0f} %); you have 24."
    )
    above = summary(target=0.9, ceiling=0.6, erm=(0, 0.2, 0.4, 0.6))
    assert above.target == 0.9
    assert next(above.found()).startswith("The target, 90 %, lies above the ceiling, 6")
    unknown = summary(target=None, erm=(0, 0.2, 0.4, 0.6))
    assert unknown.target is None
    assert "so there is no target; name one by --target" in next(unknown.found())
    assert "not known" in unknown.report("").to_text(80, "methods")


def test_what_is_impossible_is_one_sentence(summary):
    made = summary(erm=(0, 0.2, 0.4, 0.6), jtt=(0, 0.2, 0.5, 0.5))
    assert made.sentence == (
        "None of 2 methods reaches 75 % on your data, where 24 counterexamples are the most to train on; erm comes to "
        "60 % (erm about 55 if curves go on)."
    )
    assert summary(erm=(0, 0.2, 0.5, 0.5)).sentence.startswith("erm never reaches 75 % on your data")
    assert summary(erm=(0, 0.2, 0.5, 0.55)).sentence.endswith("erm comes to 55 %.")  # 75 % would be too far away


def test_the_worst_group_of_few_samples_is_not_shown(scenes, read):
    few = scenes[(scenes.index < 256) | (scenes.index >= 280)]  # in 8 test samples of each class it misleads
    for table, shown in ((scenes, 1.0), (few, None)):
        data = read(table)
        answers = {("erm", m, 0): Answered(data.labels[data.inside("test")], l2=1.0) for m in (0, EVERYTHING)}
        (curve,) = summarize(data, answers, (0,), folds_of(data), 0.75).curves
        assert curve.line.get("wga") == shown


def test_neutral_samples_are_in_neither_accuracy(scenes, read):
    field = np.arange(320) % 4 < 2
    data = read(scenes.assign(place=np.where(field, "field", scenes.place)))
    test = data.inside("test")
    predicted = np.where(field[test], 1 - data.labels[test], data.labels[test])
    answers = {("erm", m, 0): Answered(predicted, l2=1e-2) for m in (0, EVERYTHING)}
    made = summarize(data, answers, (0,), folds_of(data), 0.75)
    (curve,) = made.curves
    assert {name: each.value for name, each in curve.whole.states.items()} == {"agree": 1, "mislead": 1}
    assert (curve.overall.accuracy.value, curve.neutral.value, curve.points[0].value) == (0.5, 0, 1)
    assert curve.line["accuracy_neutral"] == 0


def test_figures_of_everything_weigh_groups_as_in_train(summary):
    (curve,) = summary(erm=(0, 0.2, 0.4, 0.6)).curves
    assert curve.overall.accuracy.value == pytest.approx(0.8)
    assert curve.overall.weighted_accuracy.value == pytest.approx(1 - 0.4 * 24 / 160)
    assert curve.whole.wga == pytest.approx(0.6)
    assert curve.points[24].low < 0.6 < curve.points[24].high


def test_reports_hold_figures_limits_and_the_command(summary):
    made = summary(erm=(0, 0.2, 0.4, 0.9), jtt=(0, 0, 0, 0), failed=["jtt"])
    report = made.report("spurgen run --metadata x", "x.svg")
    text = report.to_markdown()
    for part in (made.sentence, "meadow with animal and shed with tool", "jtt failed: no", "| 1e-03 |", "](x.svg)",
                 "erm failed the sanity check “a check”.", "spurgen run --metadata x", "| m = 24 "):  # fmt: skip
        assert part in text
    stored = json.loads(report.to_json())
    curves = stored["tables"]["curves"]
    assert curves["rows"][0][curves["columns"].index("mean_at.8")] == pytest.approx(0.4)
    assert {len(each["rows"]) for name, each in stored["tables"].items()} == {1, 4}  # and a line for each group
    assert (stored["failed"], stored["counterexamples_in_train"]) == ({"jtt": "no"}, 24)


def test_nothing_is_said_of_counterexamples_that_nobody_has(scenes, read):
    of_train = scenes.split == 0
    data = read(
        scenes.assign(place=scenes.place.where(~of_train, scenes.kind.map({"animal": "meadow", "tool": "shed"})))
    )
    answers = {("erm", m, 0): Answered(data.labels[data.inside("test")]) for m in (0, EVERYTHING)}
    made = summarize(data, answers, (0,), folds_of(data), 0.75)
    assert made.sentence == "How many counterexamples are needed cannot be said of these data; train has 0."
    assert "not known" in made.report("").to_markdown()
