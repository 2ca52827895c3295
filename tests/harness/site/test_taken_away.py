"""What a reader takes away from the leaderboard: files, and tables to paste."""

import csv
import io
import json

import pytest

from spurgen.harness.site.set_channels import by_channel

pytestmark = pytest.mark.slow


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


def test_a_table_is_ready_to_paste_before_any_download_and_is_copied(visit, tiny_site):
    seen = visit()
    page = seen.open(tiny_site)
    page.get_by_text("Download", exact=True).click()
    page.wait_for_function("document.getElementById('paste').value")
    text = page.locator("#paste").input_value()
    assert r"\label{tab:spurgen-mean-of-both}" in text
    assert r"\label{tab:spurgen-reliance-mean-of-both}" in text
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    page.evaluate("document.getElementById('paste').readOnly = false")
    page.locator("#paste").fill("")
    page.locator("#paste").press("Control+V")
    assert page.locator("#paste").input_value() == text
    assert seen.problems == []


def test_latex_leaves_out_columns_that_were_switched_off(visit, tiny_site):
    page = visit().open(tiny_site, "index.html#board=small-image&columns=robust_accuracy,accuracy,reliance/color")
    first, second = downloaded(page, "LaTeX").split(r"\end{tabular}")[:2]
    for table, count, head in ((first, 4, ["robust", "reliance", "accuracy"]), (second, 2, ["color"])):
        assert rf"\begin{{tabular}}{{l{'r' * (count - 1)}}}" in table
        lines = [line for line in table.splitlines() if " & " in line]
        assert {line.count(" & ") for line in lines} == {count - 1}
        assert all(line.endswith(r" \\") for line in lines)
        assert all(word in lines[0].lower() for word in head)
        assert rf"\multicolumn{{{count}}}" in table
    page.get_by_text("Columns").click()
    page.locator("#columns").get_by_label("color").uncheck()
    assert downloaded(page, "LaTeX").count(r"\end{tabular}") == 1


def test_the_table_of_a_set_has_what_its_tasks_have_in_common(tiny):
    sheet, tasks = by_channel(tiny, "both"), tiny.board.overall["both"].tasks
    assert sheet.channel_names("reliance") == [
        name for name in tiny.suite.tasks[tasks[0]].channels if name in tiny.suite.tasks[tasks[1]].channels
    ]
    assert by_channel(tiny, "small-text") == tiny.sheets["small-text"]
    erm = sheet.by_label["erm"]
    assert erm.channels["reliance"]["color"] == tiny.estimates(tasks, "reliance/color")["erm"]
    assert sheet.ideal["reliance/color"] == tiny.ideal_mean(tasks, "reliance/color")
    assert erm.estimates["reliance_excess"] == tiny.estimates(tasks, "reliance_excess")["erm"]


def test_the_download_menu_fits_a_phone(visit, tiny_site):
    page = visit(viewport={"width": 390, "height": 844}).open(tiny_site)
    page.get_by_text("Download", exact=True).click()
    menu, text = page.locator("#downloads").bounding_box(), page.locator("#downloads p").bounding_box()
    assert 0 <= menu["x"] < menu["x"] + menu["width"] <= 390
    assert text["width"] > 250
