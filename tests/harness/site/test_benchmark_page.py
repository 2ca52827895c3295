from dataclasses import replace

import pytest

from spurgen.harness.site.benchmark_page import benchmark_page, short_verdicts
from spurgen.harness.site.build import build

REPORT = """# Is it any good?

## Verdicts

- A & B fail: **failed**. It is 0.37. Missed: at most 0.3, by 0.07 on small-text.
- Moles: what is cured: passed. Yes.
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
    assert [str(title) for title, _ in found] == ["A &amp; B fail", "Moles: what is cured", "Distance"]
    assert found[0][1].endswith("Missed: at most 0.3, by 0.07 on small-text.")


def test_the_index_has_the_verdicts_that_were_judged_and_leads_to_their_reasons(judged, tiny):
    assert [str(verdict) for _, verdict in short_verdicts(judged)] == ["<strong>failed</strong>", "passed"]
    page = build(judged)["index.html"].decode()
    assert "<li>A &amp; B fail: <strong>failed</strong></li>" in page
    assert 'href="benchmark.html#validity"' in page
    assert "benchmark.html#validity" not in build(tiny)["index.html"].decode()
