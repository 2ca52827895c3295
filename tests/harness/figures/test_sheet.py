from dataclasses import replace

import pytest

from spurgen.harness.figures.sheet import in_order, merged


def test_a_row_that_is_on_fewer_sheets_comes_last_in_its_access_tier(mains):
    labels = [entry.label for entry in merged(mains)]
    assert labels.index("short") == 3
    assert {*labels} == {entry.label for sheet in mains for entry in sheet.entries}
    assert len(labels) == 6


def test_the_order_does_not_depend_on_that_of_the_rows(mains):
    entries = mains[0].entries
    assert in_order(entries[::-1], "robust_accuracy") == list(entries)


@pytest.mark.parametrize(
    ("units", "text"), [((5, 5), "n = 5 worlds"), ((3, 5), "n = 3 to 5 worlds"), ((1, 1), "n = 1 world")]
)
def test_the_number_of_units_is_that_of_the_compared_rows(mains, units, text):
    entries = [replace(mains[0].by_label[name], units=n) for name, n in zip(("erm", "jtt"), units, strict=True)]
    assert replace(mains[0], entries=[*entries, mains[0].by_label["short"]]).samples == text
