import re
from dataclasses import replace

import pytest

from spurgen.harness.figures.from_run import run_sheet
from spurgen.harness.figures.tables import OTHERS, main_table, reliance_table, task_table
from spurgen.harness.figures.terms import COLUMNS
from spurgen.harness.statistics.estimate import Estimate


def rows(text):
    """Return the cells of every row by its first cell, and check that all rows have as many."""
    body = text.partition(r"\toprule")[2].partition(r"\bottomrule")[0]
    lines = [line.removesuffix(r" \\").split(" & ") for line in body.splitlines() if " & " in line]
    assert len({len(line) for line in lines}) == 1
    return {line[0]: line[1:] for line in lines}


def test_the_main_table_has_a_column_per_task_and_mean(mains, means):
    table = rows(main_table(mains, list(means.values())))
    assert table["Method"] == ["main-image", "main-text", "mean of main"]
    estimate = mains[0].by_label["jtt"].estimates["robust_accuracy"]
    assert table["jtt"][0] == f"{estimate.value:.3f} {{[}}{estimate.low:.3f}, {estimate.high:.3f}]"
    assert table[r"\textgreater{} short$^{\dagger}$"][1:] == ["--", "--"]


def test_rows_that_a_test_does_not_place_below_the_best_are_bold(mains):
    sheet = replace(mains[0], entries=[replace(e, best=e.label == "erm") for e in mains[0].entries])
    text = main_table([sheet])
    assert re.findall(r"^(\w+) & \\textbf\{", text, re.MULTILINE) == ["erm"]
    assert "Bold: significantly better than every other row of the access tier" in text


def test_the_table_of_a_task_has_the_metrics_that_rows_have(mains):
    table = rows(task_table(mains[0]).text)
    largest = r"\shortstack[r]{Largest\\reliance}"
    assert table["Method"] == ["Robust accuracy", "To ERM", "WGA", largest, "Accuracy", "SSS", "IG"]
    entry = mains[0].by_label["group_dro"]
    value, verdict = entry.difference
    assert table[r"group\_dro"][1] == f"{value:+.3f}" + {"better": "$^{*}$", "undecided": ""}[verdict]
    assert table["erm"][1] == "--"
    assert table["erm"][-1] == "$-$0.50"


def test_the_caption_of_a_task_defines_its_columns_and_access_tiers(mains):
    text = task_table(mains[0]).text
    for part in ("Results on main-image.", "WGA: worst-group accuracy", "Largest reliance: the largest over channels",
                 "Signed pull:", "Accuracy: share", "SSS: spurious sensitivity", "IG: invariance gap, ",
                 r"val\_groups, the groups of the validation samples"):  # fmt: skip
        assert part in text, part
    assert not {"Core use:", "twins,", "envs,"} & {part for part in ("Core use:", "twins,", "envs,") if part in text}
    assert {*COLUMNS} == {*OTHERS}


def test_sets_of_tasks_are_called_means_over_tasks(mains, means):
    assert "Results on the tasks of main (mean over tasks)." in task_table(means["main"]).text
    assert "main-text and the tasks of main (mean over tasks)" in main_table(mains, [*means.values()])


@pytest.mark.parametrize("columns", [1, 2])
def test_captions_state_units_intervals_and_the_rule_of_bold(mains, columns):
    for text in (main_table(mains, columns=columns), task_table(mains[0], columns).text):
        for part in ("means over n = 3 worlds", "95\\,\\% Student's t intervals", "paired t-test over worlds",
                     "false discovery rate", "fewer than 3 worlds"):  # fmt: skip
            assert part in text, part


def test_rows_with_few_worlds_are_compared_with_erm_alone_where_a_table_has_that_column(mains):
    assert "$^{\\dagger}$" in task_table(mains[0]).text
    assert "fewer than 3 worlds, compared with erm alone." in task_table(mains[0]).text
    assert "fewer than 3 worlds, not compared." in main_table(mains)


def test_a_hostile_name_is_escaped(mains):
    text = task_table(mains[0]).text
    name = (
        r"\textgreater{} evil\_\$\textasciicircum{}\%\&\#\{\}\textasciitilde{}\textbackslash{}x\textbar{}\textless{}b"
    )
    assert name in text
    assert len([line for line in text.splitlines() if line.startswith(name)]) == 1


def test_an_experiment_marks_what_is_significantly_better_than_erm(make_experiment):
    sheet = run_sheet(make_experiment({"erm": {"quality": 0.5}, "group_dro": {"quality": 0.95}}))
    text = task_table(sheet).text
    table, own = rows(text), r"\textgreater{} "  # made-up methods come from files
    assert table["Method"][:2] == ["Robust accuracy", "To ERM"]
    assert table[own + r"group\_dro"][0].startswith(r"\textbf{")
    assert table[own + r"group\_dro"][1].endswith("$^{*}$")
    assert not table[own + "erm"][0].startswith(r"\textbf{")
    assert "Bold: significantly better than erm" in text


@pytest.mark.parametrize("columns", [1, 2])
def test_no_table_sticks_out_of_the_page(sheets, means, columns, typeset):
    long = {"main-image": "composite-multimodal", "main-text": "availability-medium-98"}
    renamed = [replace(sheet, name=long.get(name, name)) for name, sheet in sheets.items()]
    for number in (2, 4, len(renamed)):
        shown = renamed[:number]
        tables = [main_table(shown, list(means.values()), columns)]
        tables += [
            table.text for sheet in shown for table in (task_table(sheet, columns), reliance_table(sheet, columns))
        ]
        assert typeset("\n".join(tables)) == []


def test_a_table_of_one_column_has_its_intervals_below_or_takes_two_columns(mains):
    named = ("erm", "mixup", "jtt", "group_dro")
    shown = [replace(sheet, entries=[e for e in sheet.entries if e.label in named]) for sheet in mains]
    text = main_table([*shown, replace(shown[0], name="third")], columns=1)
    assert r"\begin{table}[t]" in text
    estimate = shown[0].by_label["group_dro"].estimates["robust_accuracy"]
    assert rf"\shortstack[r]{{{estimate.value:.3f}\\{{[}}{estimate.low:.3f}, {estimate.high:.3f}]}}" in text
    assert r"\begin{table*}[t]" in task_table(shown[0], 1).text


def test_tasks_that_do_not_fit_one_table_are_continued_in_others(sheets):
    shown = [replace(sheets["main-image"], name=f"a-long-name-of-a-task-{k}") for k in range(30)]
    text = main_table(shown, columns=2)
    labels = re.findall(r"\\label\{(.+?)\}", text)
    assert labels == [f"tab:spurgen-main-{k}" for k in range(1, len(labels) + 1)]
    assert len(labels) > 1
    assert all(len(re.findall(rf"-{k}[^0-9]", text)) for k in range(30))


def test_labels_are_words_joined_by_hyphens(means):
    assert r"\label{tab:spurgen-mean-of-main}" in task_table(means["main"]).text


def test_the_table_of_reliance_has_a_column_per_channel_and_the_ideal_observer_first(mains):
    of_channels = {"reliance": {name: Estimate(0.45, 0.4, 0.5) for name in ("color", "background")}}
    sheet = replace(mains[0], entries=[replace(entry, channels=of_channels) for entry in mains[0].entries])
    text = reliance_table(sheet).text
    table = rows(text)
    assert table["Method"] == ["color", "background", "Excess"]
    assert table["ideal observer"] == ["0.02", "0.02", "--"]
    assert table["erm"][0] == "0.45 {[}0.40, 0.50]"
    assert r"\label{tab:spurgen-reliance-main-image}" in text
    assert reliance_table(replace(mains[0], entries=[replace(e, channels={}) for e in mains[0].entries])) is None


def test_zero_has_no_sign(mains):
    entries = [
        replace(
            e, difference=(-0.0001, "undecided"), estimates=e.estimates | {"ig": replace(e.estimates["ig"], value=-0.0)}
        )
        for e in mains[0].entries
    ]
    text = task_table(replace(mains[0], entries=entries)).text
    assert re.search("& 0.000 &.*& 0.00 ", text)
    assert not re.search(r"(\$-\$|\+)0\.0+ ", text)
