import re
from dataclasses import replace

from spurgen.benchmark.suite import load_suite
from spurgen.harness.site.boards import board_view
from spurgen.harness.site.build import build
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.overview import findings, overview, task_lines
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.words import in_words
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
