import re
from dataclasses import replace

import pytest

from spurgen.harness.figures.from_run import run_sheet
from spurgen.harness.figures.tables import main_table, task_table


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
    assert r"Bold: the highest estimate of an access tier" in text


def test_the_table_of_a_task_has_the_metrics_that_rows_have(mains):
    table = rows(task_table(mains[0]))
    assert table["Method"] == ["Robust accuracy", "To ERM", "WGA", "Reliance", "Accuracy", "SSS", "IG"]
    entry = mains[0].by_label["group_dro"]
    value, verdict = entry.difference
    assert table[r"group\_dro"][1] == f"{value:+.3f}" + {"better": "$^{*}$", "undecided": ""}[verdict]
    assert table["erm"][1] == "--"
    assert table["erm"][-1] == "$-$0.50"


@pytest.mark.parametrize("columns", [1, 2])
def test_captions_state_units_intervals_and_the_rule_of_bold(mains, columns):
    for text in (main_table(mains, columns=columns), task_table(mains[0], columns)):
        for part in ("means over n = 3 worlds", "95\\,\\% Student's t intervals", "paired t-test over worlds", "Holm",
                     "fewer than 3 worlds"):  # fmt: skip
            assert part in text, part


def test_a_hostile_name_is_escaped(mains):
    text = task_table(mains[0])
    name = (
        r"\textgreater{} evil\_\$\textasciicircum{}\%\&\#\{\}\textasciitilde{}\textbackslash{}x\textbar{}\textless{}b"
    )
    assert name in text
    assert len([line for line in text.splitlines() if line.startswith(name)]) == 1


def test_an_experiment_marks_what_is_significantly_better_than_erm(make_experiment):
    sheet = run_sheet(make_experiment({"erm": {"quality": 0.5}, "group_dro": {"quality": 0.95}}))
    text = task_table(sheet)
    table, own = rows(text), r"\textgreater{} "  # made-up methods come from files
    assert table["Method"][:2] == ["Worst-group accuracy", "To ERM"]
    assert table[own + r"group\_dro"][0].startswith(r"\textbf{")
    assert table[own + r"group\_dro"][1].endswith("$^{*}$")
    assert not table[own + "erm"][0].startswith(r"\textbf{")
    assert "Bold: significantly better than erm" in text
