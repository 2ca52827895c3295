from dataclasses import replace

import pytest
from markupsafe import escape

from spurgen.harness.site.benchmark_page import Verdict, benchmark_page, short_verdicts
from spurgen.harness.site.build import build

REPORT = """# Is it any good?

## Verdicts

- A & B fail: **does not hold**. It is 0.37. Missed: at most 0.3, by 0.07 on small-text.
- Moles: what is cured: holds. Yes.
- Distance: measured, no threshold. 0.2.

## A & B fail

Text.

## Moles: what is cured

Text.

## Distance

Text.
"""


@pytest.fixture
def judged(tiny):
    return replace(tiny, validity=REPORT)


def test_a_verdict_has_its_whole_title_and_its_reason(judged):
    found = benchmark_page(judged)["verdicts"]
    assert [str(each.title) for each in found] == ["A &amp; B fail", "Moles: what is cured", "Distance"]
    assert found[0].reason == "It is 0.37. Missed: at most 0.3, by 0.07 on small-text."
    page = build(judged)["benchmark.html"].decode()
    assert "<summary><b>A &amp; B fail</b>: <strong>does not hold</strong></summary><p>It is 0.37. Missed: " in page


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        (
            "X's median: 0.44 (-0.22 to 0.78) (small-text); 0.5 wanted. More.",
            "X's median: 0.44 (small-text); 0.5 wanted.",
        ),
        (f"X's; {'long ' * 40}. More.", "X's."),
        (f"{'long ' * 40}. More.", ""),
    ],
)
def test_a_failed_test_says_why_in_a_few_words(reason, short):
    assert Verdict("A", "<strong>does not hold</strong>", escape(reason)).short == short
    assert Verdict("A", "holds", escape(reason)).short == ""


def test_the_index_has_the_verdicts_that_were_judged_and_leads_to_their_reasons(judged, tiny):
    assert [str(each.word) for each in short_verdicts(judged)] == ["<strong>does not hold</strong>", "holds"]
    page = build(judged)["index.html"].decode()
    assert (
        "<li>A &amp; B fail: <strong>does not hold</strong>. Missed: at most 0.3, by 0.07 on small-text.</li>" in page
    )
    assert "<li>Moles: what is cured: holds</li>" in page
    assert 'href="benchmark.html#validity"' in page
    assert "benchmark.html#validity" not in build(tiny)["index.html"].decode()
