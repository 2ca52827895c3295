from dataclasses import replace

from spurgen.harness.figures.chosen import chosen


def test_own_rows_and_well_known_methods_come_first_where_there_is_no_room(mains):
    erm = mains[0].by_label["erm"]
    others = [replace(erm, label=f"other{k}") for k in range(9)]
    sheet = replace(mains[0], entries=[*others, erm, replace(erm, label="mine", own=True)])
    labels = [entry.label for entry in chosen([sheet], 3)]
    assert len(labels) == 3
    assert {"erm", "mine"} <= {*labels}
    assert len(chosen([sheet], 20)) == 11


def test_rows_that_are_not_on_all_sheets_are_left_out(mains):
    assert "short" not in {entry.label for entry in chosen(mains)}
