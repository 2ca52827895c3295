"""The leaderboard in a real browser, opened from disk."""

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
    assert theirs.locator("#compared thead th").all_inner_texts() == ["dfr", "jtt", "Difference"]
    assert other.problems == []


def test_a_forged_address_is_ignored(visit, tiny_site):
    seen = visit()
    forged = "#board=none&tier=%3Cb%3E&sort=x:y&columns=a,b&rows=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    page = seen.open(tiny_site, f"index.html{forged}&text=dfr")
    assert page.locator("#comparison").is_hidden()
    assert seen.problems == []


def test_marked_rows_are_compared(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site)
    board = page.locator("#boards > .shown")
    assert page.locator("#comparison").is_hidden()
    board.get_by_label("Compare erm").check()
    board.get_by_label("Compare dfr").check()
    table = page.locator("#compared")
    assert table.get_by_role("row", name="Access").inner_text().split() == ["Access", "none", "val_groups"]
    robust = table.get_by_role("row", name="Robust accuracy")
    ours, its, difference = robust.locator("td").all_inner_texts()
    assert difference[0] == "\N{MINUS SIGN}"
    assert float(ours.split()[0]) - float(its.split()[0]) == pytest.approx(-float(difference[1:]), abs=1e-6)
    assert "given different information" in page.locator("#comparison-note").inner_text()
    assert "spurgen compare erm dfr --suite" in page.locator("#comparison-note code").inner_text()
    assert seen.problems == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("CSV", "Access,Method,Rank"), ("JSON", '"robust_accuracy"'), ("Markdown", "| Method | Rank |"),
        ("LaTeX", r"\begin{tabular}"),
    ],
)  # fmt: skip
def test_what_is_shown_is_downloaded_and_ready_to_paste(visit, tiny_site, kind, expected):
    seen = visit()
    page = seen.open(tiny_site, "index.html#board=small-image&tier=train_groups")
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        page.locator("#downloads").get_by_role("button", name=kind).click()
    content = download.value.path().read_text()
    assert expected in content
    escaped = "group\\_dro" if kind in ("LaTeX", "Markdown") else "group_dro"
    assert escaped in content
    assert "jtt" not in content
    assert page.locator("#paste").input_value() == content
    if kind == "JSON":
        rows = json.loads(content)
        assert {row["name"] for row in rows} >= {"group_dro", "resample"}
        assert all(isinstance(row["accuracy"], float | int) for row in rows)
    assert seen.problems == []
