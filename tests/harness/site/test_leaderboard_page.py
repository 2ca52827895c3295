"""The leaderboard in a real browser, opened from disk."""

import pytest

pytestmark = pytest.mark.slow
SHOWN = "#boards > .shown .tabulator-row[role=row]:not(.tabulator-group)"


def names(page):
    """Return the names of the rows that are shown, without the ideal observer."""
    cells = page.locator(f"{SHOWN}:not(.reference) .tabulator-cell:first-child a")
    return cells.all_inner_texts()


def test_a_column_sorts_within_its_access_tier_by_mouse_and_keyboard(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site)
    page.locator("select[name=board]").select_option("small-image")
    page.wait_for_function("document.querySelectorAll('#boards > .shown .tabulator-row').length > 8")
    head = page.locator("#boards > .shown .tabulator-col[tabulator-field=accuracy]")
    assert head.get_attribute("aria-sort") == "none"
    head.click()
    assert head.get_attribute("aria-sort") == "descending"
    falling = names(page)
    head.get_by_role("button", name="Accuracy").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    rising = names(page)
    assert falling != rising
    assert falling.index("dfr") < falling.index("jtt")
    assert rising.index("jtt") < rising.index("dfr") < rising.index("resample")  # tiers keep their order
    assert seen.problems == []


def test_rows_are_filtered_by_tier_and_name_and_columns_are_chosen(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site)
    page.locator("select[name=tier]").select_option("train_groups")
    assert sorted(names(page)) == ["group_dro", "resample"]
    page.locator("input[name=text]").fill("DRO")
    assert names(page) == ["group_dro"]
    page.get_by_text("Columns").click()
    page.locator("#columns").get_by_label("WGA").uncheck()
    assert page.locator("#boards > .shown .tabulator-col[tabulator-field=wga_corrected]").is_hidden()
    page.locator("select[name=modality]").select_option("text")
    assert page.locator("select[name=board]").input_value() == "small-text"
    page.get_by_role("button", name="Reset").click()
    assert len(names(page)) > 6
    assert seen.problems == []


def test_an_address_brings_the_same_view_to_somebody_else(visit, tiny_site):
    page = visit().open(tiny_site)
    page.locator("select[name=board]").select_option("small-text")
    page.locator("select[name=tier]").select_option("val_groups")
    page.locator("#boards > .shown").get_by_label("Compare dfr").check()
    page.locator("#boards > .shown").get_by_label("Compare jtt").check()
    page.locator("#boards > .shown .tabulator-col[tabulator-field=accuracy]").click()
    address = page.url
    other = visit()
    theirs = other.open(tiny_site, "index.html#" + address.partition("#")[2])
    assert theirs.locator("select[name=board]").input_value() == "small-text"
    assert names(theirs) == names(page) == ["dfr", "jtt"]
    assert theirs.locator("#boards > .shown .tabulator-col[tabulator-field=accuracy]").get_attribute("aria-sort") == (
        "descending"
    )
    assert theirs.locator("#compared thead th").all_inner_texts() == ["dfr", "jtt"]
    assert other.problems == []


def test_without_groups_by_access_a_channel_sorts_all_rows(visit, tiny_site, tiny):
    seen = visit()
    page = seen.open(tiny_site, "index.html#board=small-image&sort=accuracy:desc")
    within = names(page)
    page.get_by_label("group by access").uncheck()
    page.wait_for_function("!document.querySelector('#boards > .shown .tabulator-group')")
    rows = {row.submission: row for part in [tiny.board.tasks["small-image"]] for row in (*part.rows, *part.few)}
    values = [round(rows[name].value("accuracy"), 6) for name in names(page) if name in rows]
    assert len(values) > 6
    assert values == sorted(values, reverse=True)
    assert names(page) != within
    assert page.locator(SHOWN).first.inner_text().startswith("ideal observer")
    given = page.locator(f"{SHOWN} .given:visible").all_inner_texts()
    assert {"none", "train_groups"} <= {*given}
    assert page.url.endswith("group=off&sort=accuracy%3Adesc")
    theirs = visit().open(tiny_site, "index.html#" + page.url.partition("#")[2])
    assert names(theirs) == names(page)
    page.get_by_label("group by access").check()
    assert names(page) == within
    assert "group=off" not in page.url
    assert page.locator(".given:visible").count() == 0
    assert seen.problems == []


def test_without_groups_and_a_chosen_order_robust_accuracy_sorts(visit, tiny_site, tiny):
    page = visit().open(tiny_site, "index.html#board=small-image&group=off")
    part = tiny.board.tasks["small-image"]
    rows = {row.submission: row for row in (*part.rows, *part.few)}
    values = [round(rows[name].ranked_by.value, 6) for name in names(page) if name in rows]
    assert len(values) > 6
    assert values == sorted(values, reverse=True)


def test_methods_have_their_full_names_by_which_they_are_filtered(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image")
    link = page.locator("#boards > .shown .tabulator").get_by_role("link", name="jtt", exact=True)
    assert link.get_attribute("title") == "Just train twice"
    page.locator("input[name=text]").fill("train twice")
    assert names(page) == ["jtt"]


def test_the_button_to_compare_is_there_once_a_row_is_marked(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image")
    assert page.locator("#compare").is_hidden()
    page.locator("#boards > .shown").get_by_label("Compare erm").check()
    assert page.locator("#compare").is_visible()


def test_a_forged_address_is_ignored(visit, tiny_site):
    seen = visit()
    forged = "#board=none&tier=%3Cb%3E&sort=x:y&columns=a,b&rows=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    page = seen.open(tiny_site, f"index.html{forged}&text=dfr")
    assert page.locator("#comparison").is_hidden()
    assert seen.problems == []


def test_marked_rows_are_compared(visit, tiny_site, tiny):
    seen = visit()
    page = seen.open(tiny_site, "index.html#board=small-image")
    board = page.locator("#boards > .shown")
    assert page.locator("#comparison").is_hidden()
    board.get_by_label("Compare erm").check()
    board.get_by_label("Compare dfr").check()
    table = page.locator("#compared")
    assert table.get_by_role("row", name="Access").inner_text().split() == ["Access", "none", "val_groups"]
    against = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "dfr").against_erm
    low, high = against.interval
    difference = table.get_by_role("row", name="Robust accuracy").locator("td").last.inner_text()
    expected = f"{-against.difference:+.3f} [{-high:+.3f}, {-low:+.3f}], significant"
    assert difference == expected.replace("-", "\N{MINUS SIGN}")
    others = table.locator("tr", has=page.get_by_role("rowheader", name="Accuracy", exact=True))
    assert others.locator("td").last.inner_text() == "not tested here"
    assert table.locator("tr", has_text="Reliance on color").locator("td").last.inner_text() == "not tested here"
    assert table.locator("thead th").last.inner_text() == "Paired difference: erm \N{MINUS SIGN} dfr"
    assert "reliance included" in page.locator("#comparison-note").inner_text()
    assert "given different information" in page.locator("#comparison-note").inner_text()
    assert (
        table.get_by_role("rowheader", name="Rank").count()
        == table.get_by_role("rowheader", name="Letter").count()
        == 0
    )
    assert "spurgen compare erm dfr --suite" in page.locator("#comparison-note code").inner_text()
    assert seen.problems == []


def test_rows_of_a_tier_are_compared_with_their_ranks_and_without_a_difference(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image&rows=resample&rows=group_dro")
    table = page.locator("#compared")
    assert table.get_by_role("rowheader", name="Rank").is_visible()
    assert table.get_by_role("columnheader", name="Paired difference").count() == 0
    assert "from the baselines with which it shares a letter" in page.locator("#comparison-note").inner_text()


def test_a_mark_that_is_taken_off_on_one_board_is_off_on_all(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image")
    shown = page.locator("#boards > .shown")
    shown.get_by_label("Compare erm").check()
    page.locator("select[name=board]").select_option("small-text")
    shown.get_by_label("Compare erm").uncheck()
    page.locator("select[name=board]").select_option("small-image")
    assert not shown.get_by_label("Compare erm").is_checked()
    assert page.locator("#chosen").inner_text() == "0"


def test_what_answers_the_question_is_visible_and_spare_columns_wait_for_room(visit, many_site):
    for width, spare in ((1280, True), (390, False)):
        page = visit(viewport={"width": width, "height": 900}).open(many_site)
        for key in ("robust_accuracy", "reliance/color"):
            box = page.locator(f"#boards > .shown .tabulator-col[tabulator-field='{key}']").bounding_box()
            assert box["x"] + box["width"] / 2 < width
        assert page.locator("#boards > .shown .tabulator-col[tabulator-field=rank]").is_visible() == spare
        page.get_by_text("Columns").click()
        assert page.locator("#columns").get_by_label("Rank").is_checked() == spare
    holder = page.locator("#boards > .shown .scroll[aria-label^=Board]")
    assert holder.evaluate("(box) => box.scrollWidth > box.clientWidth")
    assert "local" in holder.evaluate("(box) => getComputedStyle(box).backgroundAttachment")
    page.locator("#columns").get_by_label("Rank").check()
    assert page.locator("#boards > .shown .tabulator-col[tabulator-field=rank]").is_visible()


def test_a_mark_leaves_the_row_in_its_place_with_the_focus(visit, tiny_site):
    page = visit(viewport={"width": 1000, "height": 400}).open(tiny_site, "index.html#board=small-image")
    board = page.locator("#boards > .shown")
    board.get_by_label("Compare erm").check()
    box = board.get_by_label("Compare dfr")
    box.focus()
    before = page.evaluate("scrollY")
    assert before > 0
    page.keyboard.press("Space")
    assert page.locator("#compared thead th").all_inner_texts()[:2] == ["erm", "dfr"]
    assert page.evaluate("[scrollY, document.activeElement.dataset.mark]") == [before, "dfr"]
    button = page.get_by_role("button", name="Compare 2")
    assert button.bounding_box()["y"] < 400
    button.click()
    assert page.locator("#comparison").evaluate("(node) => node === document.activeElement")


def test_names_and_headings_stay_where_a_table_is_scrolled_sideways(visit, tiny_site):
    page = visit(viewport={"width": 390, "height": 844}).open(tiny_site, "index.html#board=small-image")
    panel = page.locator("#boards > .shown")
    scroll = panel.locator(".scroll:has(> .tabulator)")
    scroll.evaluate("(node) => { node.scrollLeft = 1e6; }")
    left = scroll.bounding_box()["x"]
    last = panel.locator(".tabulator-col[tabulator-field]:visible").last
    for sticky in (
        panel.locator(".tabulator-col[tabulator-field=name]"),
        panel.locator(".tabulator-row:not(.tabulator-group) [role=rowheader]").last,
        panel.locator(".tabulator-group:not(.bare) b").last,
    ):
        assert left <= sticky.bounding_box()["x"] < left + 20
    last.scroll_into_view_if_needed()
    right = last.bounding_box()
    found = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('[tabulator-field]').getAttribute('tabulator-field')",
        [right["x"] + right["width"] - 20, right["y"] + right["height"] / 2],
    )
    assert found == last.get_attribute("tabulator-field")


def test_columns_shown_on_demand_are_not_cut_off(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image&columns=robust_accuracy,excess,sss,ig,isolation")
    cells = page.locator("#boards > .shown .tabulator-cell:visible")
    assert page.locator("#boards > .shown .tabulator-col[tabulator-field=ig]").is_visible()
    assert cells.count() > 50
    assert cells.evaluate_all("(all) => all.filter((cell) => cell.scrollWidth > cell.clientWidth).length") == 0


def test_a_filter_says_how_many_rows_it_leaves_and_that_it_leaves_none(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image")
    status, none = page.locator("#status"), page.locator("#boards > .shown .none")
    page.locator("input[name=text]").fill("group_")
    assert status.inner_text() == "1 of 10 rows"
    assert none.is_hidden()
    page.locator("input[name=text]").fill("no such method")
    assert status.inner_text() == "0 of 10 rows"
    assert none.is_visible()
    assert none.inner_text() == "No row has this name and access."
