"""The board in a real browser, opened from disk: sort, filter, columns, comparison, address, copy."""

import csv
import io

import pytest

pytestmark = pytest.mark.slow
ROWS = ".board:visible tr[data-label]:visible"


def names(page):
    return page.locator(ROWS).evaluate_all("(lines) => lines.map((line) => line.dataset.label)")


def head(page, key):
    return page.locator(f".board:visible th[data-key={key}]")


def test_a_column_sorts_within_its_access_tier_by_mouse_and_keyboard(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site, "index.html#board=small-image")
    first = names(page)
    column = head(page, "accuracy")
    assert column.get_attribute("aria-sort") == "none"
    column.get_by_role("button").click()
    assert column.get_attribute("aria-sort") == "descending"
    falling = names(page)
    column.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert column.get_attribute("aria-sort") == "ascending"
    rising = names(page)
    assert falling.index("dfr") < falling.index("jtt") < falling.index("resample")  # tiers keep their order
    assert rising.index("jtt") < rising.index("dfr") < rising.index("resample")
    column.get_by_role("button").click()
    assert names(page) == first
    assert seen.problems == []


def test_numbers_sort_as_numbers_and_missing_ones_last(visit, tiny_site, tiny):
    page = visit().open(tiny_site, "index.html#board=small-image&sort=to_erm:asc")
    part = tiny.board.tasks["small-image"]
    differences = {row.submission: row.against_erm.difference for row in part.rows if row.against_erm}
    tier = [name for name in names(page) if name in {row.submission for row in part.rows if row.access == "none"}]
    known = [differences[name] for name in tier if name in differences]
    assert known == sorted(known, key=lambda value: round(value, 6))  # the page has fewer digits
    assert tier[-1] == "erm"


def test_rows_are_filtered_by_tier_and_name_and_columns_are_chosen(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site, "index.html#board=small-image")
    page.locator("select[name=access]").select_option("train_groups")
    assert sorted(names(page)) == ["group_dro", "resample"]
    page.locator("input[name=text]").fill("DRO")
    assert names(page) == ["group_dro"]
    assert page.locator("#status").inner_text() == "1 of 10 rows"
    assert head(page, "units").is_hidden()
    page.get_by_text("Columns", exact=True).click()
    page.locator("#columns").get_by_label("WGA").uncheck()
    assert head(page, "wga_corrected").is_hidden()
    page.locator("#columns input[value=units]").check()
    assert head(page, "units").is_visible()
    page.get_by_role("button", name="Reset").click()
    assert len(names(page)) > 5
    assert head(page, "wga_corrected").is_visible()
    assert seen.problems == []


def test_rows_are_found_by_their_full_name(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image")
    page.locator("input[name=text]").fill("train twice")
    assert names(page) == ["jtt"]


def test_an_address_brings_the_same_view_to_somebody_else(visit, tiny_site):
    page = visit().open(tiny_site)
    page.locator("select[name=board]").select_option("small-text")
    page.locator("select[name=access]").select_option("val_groups")
    head(page, "accuracy").get_by_role("button").click()
    page.locator(ROWS).get_by_label("Compare dfr").check()
    page.locator(ROWS).get_by_label("Compare jtt").check()
    other = visit()
    theirs = other.open(tiny_site, "index.html#" + page.url.partition("#")[2])
    assert theirs.locator("select[name=board]").input_value() == "small-text"
    assert names(theirs) == names(page) == ["dfr", "jtt"]
    assert head(theirs, "accuracy").get_attribute("aria-sort") == "descending"
    assert theirs.locator("#comparison thead th").all_inner_texts() == ["Column", "dfr", "jtt"]
    theirs.evaluate("location.hash = 'board=small-image'")
    theirs.wait_for_function("document.querySelector('select[name=board]').value === 'small-image'")
    assert theirs.locator("#comparison").is_hidden()
    assert other.problems == []


def test_a_forged_address_is_ignored(visit, tiny_site):
    seen = visit()
    forged = "#board=none&access=%3Cb%3E&sort=x:y&columns=a,b&rows=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    page = seen.open(tiny_site, f"index.html{forged}&text=dfr")
    assert page.locator("#comparison").is_hidden()
    assert page.locator("select[name=board]").input_value() == "both"
    assert names(page) == ["dfr"]
    assert seen.problems == []


def test_two_rows_are_compared_in_all_columns_with_the_command_for_the_test(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image")
    for name in ("erm", "dfr", "jtt"):  # the last two count
        page.locator(ROWS).get_by_label(f"Compare {name}").check()
    table = page.locator("#comparison table")
    assert table.get_by_role("row", name="Access").inner_text().split() == ["Access", "val_groups", "val_groups"]
    shown = page.locator(".board:visible tr[data-label=jtt] td").first.inner_text()
    assert table.get_by_role("row", name="Rank").locator("td").last.inner_text() == shown
    assert page.locator("#comparison code").inner_text() == "spurgen compare dfr jtt"
    assert not page.locator(ROWS).get_by_label("Compare erm").is_checked()
    page.locator(ROWS).get_by_label("Compare dfr").uncheck()
    assert page.locator("#comparison").is_hidden()


def copied(page, how):
    page.get_by_text("Copy", exact=True).click()
    page.get_by_role("button", name=how).click()
    page.wait_for_function("document.getElementById('status').textContent === 'copied'")
    page.get_by_text("Copy", exact=True).click()
    field = page.locator("input[name=text]")
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), {id: 'paste'}))")
    page.locator("#paste").focus()
    page.keyboard.press("Control+V")
    content = page.locator("#paste").input_value()
    page.evaluate("document.getElementById('paste').remove()")
    assert field.count() == 1
    return content


def test_what_is_shown_is_copied(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image&access=val_groups&columns=robust_accuracy,to_erm")
    lines = list(csv.reader(io.StringIO(copied(page, "as CSV"))))
    assert lines[0] == ["Submission", "Robust accuracy", "To ERM", "Access"]
    assert [line[0] for line in lines[1:]] == names(page) == ["dfr", "jtt"]
    assert lines[1][1].startswith("0.")
    table = copied(page, "as Markdown").splitlines()
    assert table[0] == "| Submission | Robust accuracy | To ERM | Access |"
    assert len(table) == 4
    assert copied(page, "address of this view") == page.url


def test_no_name_is_copied_as_a_formula_or_as_markup(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image&access=none&columns=rank")
    first = [line[0] for line in csv.reader(io.StringIO(copied(page, "as CSV")))]
    assert not any(name.startswith("=") for name in first)
    assert "| \\_\\_loud\\_\\_ |" in copied(page, "as Markdown")


def test_a_task_page_has_the_same_controls_without_the_choice_of_boards(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site, "tasks/small-both.html")
    assert page.locator("select[name=board]").is_hidden()
    page.locator("input[name=text]").fill("jtt")
    assert names(page) == ["jtt"]
    assert seen.problems == []
