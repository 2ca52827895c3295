"""The board in a real browser, opened from disk: sort, filter, comparison, address, share."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow
ROWS = ".board:visible tr[data-label]:visible"


COMPARED = ["Deep feature reweighting", "Just train twice"]


def names(page):
    return page.locator(ROWS).evaluate_all("(lines) => lines.map((line) => line.dataset.label)")


def head(page, key):
    return page.locator(f".board:visible table.main th[data-key={key}]")


def cells(table, title):
    row = table.locator("tbody tr", has=table.page.get_by_role("rowheader", name=title, exact=True))
    return row.locator("td").all_inner_texts()


def scores(material, ladder="few-text"):
    rated = [line for line in material.lines[ladder] if not line.get("reason")]
    return {line["submission"]: line["robust_accuracy"] for line in rated}


def test_a_column_sorts_over_all_tiers_by_mouse_and_keyboard_and_back(visit, steps_site, steps_material):
    seen = visit()
    page = seen.open(steps_site, "index.html#board=few-text")
    first, known = names(page), scores(steps_material)
    column = head(page, "score")
    assert column.get_attribute("aria-sort") == "none"
    column.get_by_role("button").click()
    assert column.get_attribute("aria-sort") == "descending"
    falling = names(page)
    assert [known[name] for name in falling] == sorted(known.values(), reverse=True)
    column.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert column.get_attribute("aria-sort") == "ascending"
    assert [known[name] for name in names(page)] == sorted(known.values())
    page.keyboard.press("Enter")
    assert names(page) == first
    assert page.locator(".tier:visible").count() > 2
    assert seen.problems == []


def test_counterexamples_needed_sort_as_numbers_with_more_than_the_last_rung_at_the_end(visit, steps_site):
    page = visit().open(steps_site, "index.html#board=few-text")
    page.locator("select[name=sort]").select_option("needed:asc")
    assert head(page, "needed").get_attribute("aria-sort") == "ascending"
    texts = page.locator(".board:visible tr[data-label] td[data-title='Counterexamples']").all_inner_texts()
    kinds = [0 if text.startswith("at most") else 2 if text.startswith("more") else 1 for text in texts]
    assert kinds == sorted(kinds)
    assert {0, 2} <= set(kinds)
    numbers = [int(text.split()[0]) for text, kind in zip(texts, kinds, strict=True) if kind == 1]
    assert numbers == sorted(numbers)


def test_rows_are_filtered_by_what_they_were_given_and_by_name(visit, steps_site):
    seen = visit()
    page = seen.open(steps_site, "index.html#board=few-text")
    count = len(names(page))
    page.locator("select[name=access]").select_option(label="counterexamples marked in train")
    assert sorted(names(page)) == ["group_dro", "subg"]
    page.locator("input[name=text]").fill("robust OPT")
    assert names(page) == ["group_dro"]
    assert page.locator("#status").inner_text() == f"1 of {count} rows"
    page.get_by_role("button", name="Reset").click()
    assert len(names(page)) > 5
    page.locator("input[name=text]").fill("jtt")
    assert names(page) == ["jtt"]
    assert seen.problems == []


def test_an_address_brings_the_same_view_to_somebody_else_at_the_board(visit, steps_site):
    page = visit().open(steps_site)
    page.locator("select[name=board]").select_option("few-text")
    page.locator("select[name=access]").select_option("val_groups")
    head(page, "score").get_by_role("button").click()
    page.locator(ROWS).get_by_label("Compare dfr").check()
    page.locator(ROWS).get_by_label("Compare jtt").check()
    other = visit()
    theirs = other.open(steps_site, "index.html#" + page.url.partition("#")[2])
    assert theirs.locator("select[name=board]").input_value() == "few-text"
    assert names(theirs) == names(page)
    assert sorted(names(page)) == ["dfr", "jtt"]
    assert head(theirs, "score").get_attribute("aria-sort") == "descending"
    assert theirs.locator("#comparison thead th").all_inner_texts() == [*COMPARED, "Difference"]
    assert -1 < theirs.locator("#controls").bounding_box()["y"] < 300  # a browser rounds to 1/64 pixel
    theirs.evaluate("location.hash = 'board=few-image'")
    theirs.wait_for_function("document.querySelector('select[name=board]').value === 'few-image'")
    assert theirs.locator("#comparison").is_hidden()
    assert other.problems == []


def test_a_forged_address_is_ignored(visit, steps_site):
    seen = visit()
    forged = "#board=none&access=%3Cb%3E&sort=x:y&rows=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    page = seen.open(steps_site, f"index.html{forged}&text=dfr")
    assert page.locator("#comparison").is_hidden()
    assert page.locator("select[name=board]").input_value() == "few-image"
    assert names(page) == ["dfr"]
    assert seen.problems == []


def test_a_place_on_the_page_is_no_view(visit, steps_site):
    page = visit().open(steps_site, "index.html#board=few-text")
    page.get_by_role("link", name="Score your model").click()
    assert page.locator("select[name=board]").input_value() == "few-text"


def test_two_rows_are_compared_in_all_columns_with_the_command_for_the_test(visit, steps_site):
    page = visit().open(steps_site)
    for name in ("erm", "dfr", "jtt"):  # the last two count
        page.locator(ROWS).get_by_label(f"Compare {name}").check()
    table = page.locator("#comparison table")
    assert table.locator("thead th").all_inner_texts() == [*COMPARED, "Difference"]
    given = table.get_by_role("row", name="Given").locator("td").all_inner_texts()
    assert given == ["counterexamples marked in val", "counterexamples marked in val", ""]
    right, _, apart = cells(table, "Accuracy if misled")  # once: a title is the same in both tables of a board
    assert re.match(r"0\.\d+ \[0\.\d+, \d\.\d+\]", right)
    assert re.fullmatch(r"(\+|\u2212)?0(\.\d+)?", apart)
    plain = page.locator(".board:visible table.plain")
    column = plain.locator("thead th").all_text_contents().index("Follows")
    wanted = [
        plain.locator("tbody tr", has_text=name).locator("td").nth(column - 1).text_content() for name in ("dfr", "jtt")
    ]
    rank = cells(table, "Rank")
    assert all(re.match(r"\d.* of \d+, \w+", each) for each in rank[:2])
    follows = cells(table, "Follows")
    assert follows[:2] == wanted
    assert float(follows[2].replace("\u2212", "-")) == pytest.approx(float(wanted[1]) - float(wanted[0]))
    assert page.locator("#comparison code").inner_text() == "spurgen compare dfr jtt"
    assert not page.locator(ROWS).get_by_label("Compare erm").is_checked()
    page.locator(ROWS).get_by_label("Compare dfr").uncheck()
    assert page.locator("#comparison").is_hidden()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_second_tick_brings_the_comparison_into_sight_and_a_third_says_what_it_does(visit, steps_site, motion):
    seen = visit(viewport={"width": 1000, "height": 500}, reduced_motion=motion)
    page = seen.open(steps_site, "index.html#board=few-text")
    page.locator(ROWS).get_by_label("Compare erm").check()
    assert page.locator("#picked").inner_text().endswith(": tick a second row to compare the two.")
    page.locator(ROWS).last.locator("input").check()
    assert page.locator("#picked").is_hidden()
    expect(page.locator("#comparison h2")).to_be_in_viewport(timeout=30_000)
    assert page.evaluate("document.activeElement.textContent").startswith("Empirical risk minimisation and ")
    assert "A third tick replaces the row that was ticked first." in page.locator("#comparison").inner_text()
    page.get_by_role("button", name="Close").click()
    assert page.locator("#comparison").is_hidden()
    assert page.evaluate("document.activeElement.type") == "checkbox"
    assert page.locator("tr[data-label] input:checked").count() == 0
    assert seen.problems == []


def test_a_board_beside_the_main_ones_compares_its_columns(visit, steps_site):
    seen = visit()
    page = seen.open(steps_site)
    page.locator("table.plain").evaluate_all("(all) => all.forEach((each) => each.remove())")  # side ladders have none
    for name in ("dfr", "jtt"):
        page.locator(ROWS).get_by_label(f"Compare {name}").check()
    titles = page.locator("#comparison tbody th").all_inner_texts()
    assert titles == ["Given", *(head(page, key).get_attribute("data-title") for key in ("score", "follows", "rank"))]
    assert seen.problems == []


def test_a_row_without_a_rank_is_filtered_by_what_it_was_given_itself(visit, steps_site):
    page = visit().open(steps_site, "index.html#board=few-text&access=none")
    assert "short" in names(page)  # of two worlds


def test_a_board_with_nothing_left_says_so(visit, steps_site):
    page = visit().open(steps_site, "index.html#board=few-text&text=nobody")
    sentence = page.get_by_text("No method of this board was given that and has that name.")
    assert sentence.locator("visible=true").count() == 1
    assert page.locator("table.main:visible").count() == 0
    page.locator("input[name=text]").fill("groupdro")
    assert names(page) == ["group_dro"]
    assert sentence.locator("visible=true").count() == 0


def test_the_address_is_copied(visit, steps_site):
    page = visit().open(steps_site, "index.html#board=few-text&access=val_groups")
    page.get_by_role("button", name="Share view").click()
    page.wait_for_function("document.getElementById('status').textContent === 'address copied'")
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), {id: 'paste'}))")
    page.locator("#paste").focus()
    page.keyboard.press("Control+V")
    assert page.locator("#paste").input_value() == page.url
    expect(page.locator("#status")).to_have_text(re.compile(r"2 of \d+ rows"), timeout=30_000)


def test_the_board_is_reached_and_used_by_keyboard_alone(visit, steps_site):
    page = visit().open(steps_site)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
    wanted = ["All methods", "Score your model", "board", "access", "sort", "text", "Share view", "Download", "Reset"]
    assert [name for name in reached if name in wanted] == wanted
