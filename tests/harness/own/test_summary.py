import json

import numpy as np
import pytest

from spurgen.harness.own.climb import EVERYTHING, Answered
from spurgen.harness.own.summary import summarize

RUNGS = (0, 2, 8, 24)


@pytest.fixture
def summary(scenes, read):
    """Return a function that summarizes methods by the share of misleading test samples that each rung gets right."""
    data = read(scenes)
    labels, misled = (each[data.inside("test")] for each in (data.labels, data.conflicts))
    turn = np.empty(len(labels))
    for k in range(2):
        turn[(labels == k) & misled] = np.arange(20) / 20

    def answer(share):
        return Answered(np.where(misled & (turn >= share), 1 - labels, labels), ("a check",) * (share == 0.9))

    def make(failed=(), **shares):
        answers = {
            (name, m, seed): Answered(None, error="no") if name in failed else answer(share)
            for name, each in shares.items()
            for m, share in zip((*RUNGS, EVERYTHING), (*each, each[-1]), strict=True)
            for seed in range(1 if m == EVERYTHING else 5)
        }
        return summarize(data, answers, RUNGS, 0.75, "spurgen run --metadata x")

    return make


def test_the_sentence_tells_what_is_needed_and_what_there_is(summary):
    made = summary(erm=(0, 0.2, 0.4, 0.6), jtt=(0, 0.2, 0.5, 0.5), subg=(0, 0.5, 0.8, 0.9), dfr=(0, 0.9, 0.9, 0.95))
    assert made.sentence == (
        "On your data erm needs more than 24 (about 55 if its curve goes on) counterexamples for 75 %, jtt more than "
        "24, subg about 6, dfr at most 2; you have 24."
    )
    assert [curve.points[8].value for curve in made.curves] == pytest.approx([0.4, 0.5, 0.8, 0.9])


def test_figures_of_everything_weigh_groups_as_in_train(summary):
    (curve,) = summary(erm=(0, 0.2, 0.4, 0.6)).curves
    assert curve.whole.accuracy.value == pytest.approx(0.8)
    assert curve.whole.weighted_accuracy.value == pytest.approx(1 - 0.4 * 24 / 160)
    assert curve.whole.wga == pytest.approx(0.6)
    assert curve.points[24].low < 0.6 < curve.points[24].high


def test_reports_hold_figures_limits_and_the_command(summary):
    made = summary(erm=(0, 0.2, 0.4, 0.9), jtt=(0, 0, 0, 0), failed=["jtt"])
    text = made.to_markdown("x.svg")
    for part in (made.sentence, "meadow with animal and shed with tool", "jtt failed: no", "](x.svg)",
                 "erm failed the sanity check “a check”.", "spurgen run --metadata x", "| 24 "):  # fmt: skip
        assert part in text
    report = json.loads(made.to_json())
    assert report["methods"][0]["curve"]["8"]["value"] == pytest.approx(0.4)
    assert (report["failed"], report["counterexamples_in_train"]) == ({"jtt": "no"}, 24)


def test_nothing_is_said_of_counterexamples_that_nobody_has(scenes, read):
    nearly = scenes.assign(place=scenes.kind.map({"animal": "meadow", "tool": "shed"}))
    data = read(nearly)
    answers = {("erm", m, 0): Answered(data.labels[data.inside("test")]) for m in (0, EVERYTHING)}
    made = summarize(data, answers, (0,), 0.75, "spurgen run")
    assert made.sentence == "How many counterexamples are needed cannot be said of these data; train has 0."
    assert "not known" in made.table()
    assert made.to_markdown(None)
