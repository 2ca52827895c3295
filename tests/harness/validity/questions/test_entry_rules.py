from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.validity.answer import FAILS, HOLDS, VERDICTS
from spurgen.harness.validity.questions import entry_rules
from spurgen.harness.validity.suite import gather

ERM = {0: 0.1, 4: 0.3, 16: 0.8}
FAST = {0: 0.1, 4: 0.7, 16: 0.85}
ACCESS = {"erm": "none", "jtt": "val_groups", "subg": "train_groups", "contrastive": "twins"}


@pytest.fixture
def examined(ladder_suite):
    """Return a function that examines a ladder from A(m) by method, with a ceiling of .9."""

    def examine(ceiling=0.9, seen=0.95, **curves):
        rows = {"erm": ERM, "jtt": FAST, "subg": FAST} | curves
        suite = gather(ladder_suite, {}, [], {})
        ladder = suite.tasks["few-text"]
        by_rung = {m: {label: np.full(5, row[m]) for label, row in rows.items() if m in row} for m in ERM}
        access = {label: ACCESS[label] for label, row in rows.items() if {4, 16} <= row.keys()}
        known = replace(ladder, access=access, curves=by_rung, ceiling=ceiling, seen=seen)
        return entry_rules.examine(replace(suite, tasks={"few-text": known}))

    return examine


def missed(answer):
    return [line["rule"] for line in answer.tables["Rules"] if not line["met"]]


def test_a_ladder_that_meets_all_rules(examined):
    answer = examined()
    assert (answer.verdict, missed(answer), answer.missing) == (HOLDS, [], [])
    assert answer.summary == "Rules met: 6 of 6."


def test_methods_that_are_given_twins_do_not_count(examined):
    rule = "two methods without twins need at most 2/3 of ERM's"
    answer = examined(subg=ERM, contrastive=FAST)
    assert (answer.verdict, missed(answer)) == (FAILS, [rule])
    assert f"Missed: {rule} (few-text: jtt)" in answer.summary


def test_without_a_ceiling_or_erm_there_is_no_verdict(examined):
    assert examined(ceiling=None).verdict == VERDICTS[None]
    assert missed(examined(ceiling=None)) == ["ceiling at least 0.9"]
    unseen = examined(seen=None)
    assert (unseen.verdict, unseen.summary) == (VERDICTS[None], "Rules met: 5 of 6.")
    assert unseen.missing[0].startswith("few-text: no ceiling on things of train; `")
    lacking = examined(erm={4: 0.3, 16: 0.8})
    assert (lacking.verdict, lacking.summary) == (VERDICTS[None], "")
    assert lacking.missing[0].startswith("few-text: erm is not ranked on every rung; `spurgen benchmark --suite ")
    assert examined(erm={}).missing[0].startswith("few-text: no row of erm; `")
