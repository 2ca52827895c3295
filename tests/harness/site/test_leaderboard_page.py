"""The leaderboard in a real browser, opened from disk."""

import csv
import io
import json

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
    assert others.locator("td").last.inner_text() == ""
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


def downloaded(page, kind):
    """Return what a button of the download menu saves, which is also ready to paste."""
    if page.locator("#downloads").is_hidden():
        page.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        page.locator("#downloads").get_by_role("button", name=kind).click()
    content = download.value.path().read_text()
    assert page.locator("#paste").input_value() == content
    return content


def test_csv_and_json_have_raw_numbers_intervals_and_verdicts_apart(visit, tiny_site, tiny):
    columns = "robust_accuracy,to_erm,accuracy,rank,letters,reliance/color"
    page = visit().open(tiny_site, f"index.html#board=small-image&tier=train_groups&columns={columns}")
    lines = {row["submission"]: row for row in csv.DictReader(io.StringIO(downloaded(page, "CSV")))}
    records = {row["submission"]: row for row in json.loads(downloaded(page, "JSON"))}
    assert lines.keys() == records.keys() == {"ideal observer", "resample", "group_dro"}
    row = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "group_dro")
    against = row.against_erm
    expected = {
        "robust_accuracy": row.ranked_by.value, "robust_accuracy_low": row.ranked_by.low,
        "robust_accuracy_high": row.ranked_by.high, "to_erm": against.difference, "to_erm_low": against.interval[0],
        "accuracy": row.value("accuracy"), "rank": row.ranks[0], "rank_high": row.ranks[1],
        "reliance/color": row.by_channel["reliance"]["color"],
    }  # fmt: skip
    for name, value in expected.items():
        assert records["group_dro"][name] == pytest.approx(value, abs=1e-6), name
        assert float(lines["group_dro"][name]) == pytest.approx(value, abs=1e-6), name
    for kind in (records, lines):
        assert kind["group_dro"]["to_erm_verdict"] == "better"
        assert kind["group_dro"]["access"] == "train_groups"
        assert kind["group_dro"]["letters"] == row.letters
    assert records["ideal observer"]["to_erm"] is None


def test_a_name_is_no_formula_in_the_csv_and_a_negative_number_is_a_number(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image&columns=ig,robust_accuracy")
    lines = {row["submission"]: row for row in csv.DictReader(io.StringIO(downloaded(page, "CSV")))}
    assert any(name.startswith("'=") for name in lines)
    assert not any(name.startswith("=") for name in lines)
    assert float(lines["erm"]["ig"]) < 0


def test_what_is_pasted_is_the_servers_table_of_the_rows_shown(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site, "index.html#board=small-image")
    table = (tiny_site / "leaderboard.tex").read_text()
    board = (tiny_site / "leaderboard.md").read_text()
    assert downloaded(page, "LaTeX") in table
    whole = downloaded(page, "Markdown")
    assert all(line in board for line in whole.splitlines())
    assert "### Access: none" in whole
    page.locator("select[name=tier]").select_option("train_groups")
    tex, md = downloaded(page, "LaTeX"), downloaded(page, "Markdown")
    for text in (tex, md):
        assert "train_groups" in text.replace("\\", "")
        assert "Access: none" not in text
        assert "jtt" not in text
        assert "resample" in text
    assert r"\caption{" in tex
    assert tex.count(r"\end{table") == 2
    assert "\nideal observer & " in tex.partition(r"\label{tab:spurgen-reliance-small-image}")[2]
    assert seen.problems == []


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


def test_the_download_menu_fits_a_phone(visit, tiny_site):
    page = visit(viewport={"width": 390, "height": 844}).open(tiny_site)
    page.get_by_text("Download", exact=True).click()
    menu, text = page.locator("#downloads").bounding_box(), page.locator("#downloads p").bounding_box()
    assert 0 <= menu["x"] < menu["x"] + menu["width"] <= 390
    assert text["width"] > 250


def test_a_filter_says_how_many_rows_it_leaves_and_that_it_leaves_none(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image")
    status, none = page.locator("#status"), page.locator("#boards > .shown .none")
    page.locator("input[name=text]").fill("group")
    assert status.inner_text() == "1 of 10 rows"
    assert none.is_hidden()
    page.locator("input[name=text]").fill("no such method")
    assert status.inner_text() == "0 of 10 rows"
    assert none.is_visible()
    assert none.inner_text() == "No row has this name and access."
