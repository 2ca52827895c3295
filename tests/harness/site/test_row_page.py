from dataclasses import replace

from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.row_page import row_page


def test_tasks_are_in_the_order_of_the_suite_whatever_that_of_the_results(tiny):
    stored_backwards = {label: dict(reversed(of_tasks.items())) for label, of_tasks in tiny.rows.items()}
    parts = row_page(replace(tiny, rows=stored_backwards), Pictures(), "erm")["parts"]
    assert [part.name for part in parts] == list(tiny.suite.tasks)
