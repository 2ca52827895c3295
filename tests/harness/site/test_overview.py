import re
from dataclasses import replace

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.site.boards import board_view
from spurgen.harness.site.build import build
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.overview import findings, overview, percent, shown_board, task_lines
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.words import conflicting_share, in_words
from spurgen.harness.statistics.estimate import Estimate


def with_rows(material, name, change):
    """Return the view of a task's board with changed rows: `change` returns fields by label."""
    view = board_view(material, name)

    def changed(line):
        return replace(line, row=replace(line.row, **change.get(line.row.submission, {})))

    return replace(view, tiers=[replace(tier, lines=[changed(line) for line in tier.lines]) for tier in view.tiers])


def test_erm_is_contrasted_where_shortcuts_agree_and_where_they_mislead(tiny):
    first = findings(tiny, board_view(tiny, "small-image"))[0]
    aligned = tiny.estimates(["small-image"], "aligned_accuracy")["erm"].value
    assert first.startswith(f"Plain training (ERM) answers {100 * aligned:.0f}\N{NO-BREAK SPACE}% right where all ")
    assert "where they mislead most" in first
    assert re.search(r"It relies on color \(\d\.\d\d, ideal observer \d\.\d\d\)( and background|; 1 would be)", first)


def test_each_access_tier_has_its_best_rows_and_tiers_are_not_compared(tiny):
    apart = {label: {"letters": letter} for label, letter in zip(("group_dro", "resample"), "ab", strict=True)}
    _, none, envs, val, train = findings(tiny, with_rows(tiny, "small-image", apart))
    assert none.startswith("Best with access none: ")
    assert envs.startswith("Best with access envs: vrex, robust accuracy ")
    assert val.startswith("Best with access val_groups: dfr")
    assert train.startswith("Best with access train_groups: group_dro, robust accuracy ")
    assert "resample" not in train


def test_rows_that_share_the_best_rows_letter_are_named_with_it(tiny):
    shared = {"group_dro": {"letters": "ab"}, "resample": {"letters": "b"}}
    last = findings(tiny, with_rows(tiny, "small-image", shared))[-1]
    assert last.startswith("Best with access train_groups: group_dro, robust accuracy ")
    assert "; resample (" in last
    assert ") does not differ from it significantly. " in last


def test_the_best_row_of_a_tier_has_its_largest_reliance_with_its_channel(tiny):
    shared = {"group_dro": {"letters": "ab"}, "resample": {"letters": "b"}}
    row = next(row for row in tiny.board.tasks["small-image"].rows if row.submission == "group_dro")
    reliances = row.by_channel["reliance"]
    most = max(reliances, key=reliances.get)
    for view in (board_view(tiny, "small-image"), with_rows(tiny, "small-image", shared)):
        end = f"Largest reliance of group_dro: {most} ({reliances[most]:.2f}, ideal observer "
        assert end in findings(tiny, view)[-1]


def test_a_channel_whose_interval_has_0_is_not_relied_on(tiny, monkeypatch):
    view = board_view(tiny, "small-image")
    assert "relies on" in findings(tiny, view)[-1] + findings(tiny, view)[0]
    low = {row.submission: Estimate(0.3, -0.1, 0.7) for row in tiny.board.tasks["small-image"].rows}
    monkeypatch.setattr(type(tiny), "estimates", lambda *_: low)
    assert not [said for said in findings(tiny, view) if "relies on" in said]


def test_erm_has_its_core_use_and_its_number_of_epochs_beside_its_reliance(tiny):
    use = {row.submission: Estimate(0.3) for row in tiny.board.tasks["small-image"].rows}
    first = with_core_use(tiny, use)
    assert " Its core use is 0.30, ideal observer " in first
    assert first.endswith(": it also makes too little use of the core cue itself. It was trained for 3 epochs.")
    assert "too little" not in with_core_use(tiny, {label: Estimate(0.99) for label in use})


def with_core_use(material, use):
    """Return what is said of ERM if rows use the core cue as much as this."""
    changed = replace(material)
    changed.__dict__["_estimates"] = {("small-image", "core_use"): use}
    return findings(changed, board_view(changed, "small-image"))[0]


def test_a_best_row_that_relies_on_nothing_measurable_names_no_channel(tiny):
    changed, least = replace(tiny), {row.submission: Estimate(0.004) for row in tiny.board.tasks["small-image"].rows}
    changed.__dict__["_estimates"] = {("small-image", f"reliance/{name}"): least for name in ("color", "background")}
    said = findings(changed, board_view(changed, "small-image"))
    assert said[-1].endswith(" group_dro relies on no channel measurably.")
    assert "0.00" not in " ".join(said)


@pytest.mark.parametrize(
    ("share", "text"), [(1, "100"), (0.998, "99.8"), (0.99, "99"), (0.5, "50"), (0.004, "0.4"), (0, "0"), (0.01, "1")]
)
def test_a_share_is_rounded_neither_to_all_nor_to_nothing(share, text):
    assert percent(share) == f"{text}\N{NO-BREAK SPACE}%"


def test_the_scatter_says_how_much_of_the_test_has_all_channels_in_conflict(tiny):
    task = load_suite("v2").tasks["composite-image"]
    assert conflicting_share(task) == pytest.approx(400 / 750)
    share = percent(conflicting_share(tiny.suite.tasks["small-image"]))
    mix = shown_board(tiny, Figures(), "small-image").mix
    assert mix.startswith(f"All channels conflict in {share} of the test. ")
    files = build(tiny)
    assert mix in files["index.html"].decode()
    assert mix in files["tasks/small-image.html"].decode()


def test_a_test_with_more_conflicting_samples_says_its_mix():
    words = " ".join(in_words(load_suite("v2").tasks["composite-image"]))
    assert "The test has 50 samples of each class for every one of the 8 choices" in words
    assert "and 350 more in which all conflict: all of them conflict in 53% of the test" in words
    assert "independent" not in words


def test_tasks_without_rows_are_listed_and_counted(tiny):
    bare = replace(tiny, board=replace(tiny.board, tasks={"small-text": tiny.board.tasks["small-text"]}, overall={}))
    lines = {line["name"]: line["rows"] for line in task_lines(bare)}
    assert list(lines) == ["small-image", "small-text", "small-both"]
    assert (lines["small-image"], lines["small-text"] > 5) == (0, True)
    page = overview(bare, Pictures(), Figures())
    assert page["sentence"].startswith("3 tasks, 1 of them with rows so far, on images")
    assert overview(tiny, Pictures(), Figures())["sentence"].startswith("3 tasks on images")


def test_a_task_without_a_board_on_the_index_is_linked_from_it(tiny):
    page = build(tiny)["index.html"].decode()
    assert 'Boards of other tasks: <a href="tasks/small-both.html">small-both</a>.' in page
    assert 'id="board-small-both"' not in page


def test_a_task_page_links_to_the_controls_where_the_index_has_its_board(tiny):
    files = build(tiny)
    link = 'index.html#board=small-text">Choose columns, compare, paste</a>'
    assert link in files["tasks/small-text.html"].decode()
    assert "Choose columns" not in files["tasks/small-both.html"].decode()


def test_the_index_names_the_command_that_makes_figures_for_a_paper(tiny):
    page = build(tiny)["index.html"].decode()
    assert f"<code>spurgen figures --suite {tiny.suite.spoken} --format pdf png --latex --out DIR</code>" in page
