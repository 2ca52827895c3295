import html
import json
from dataclasses import replace

import pytest

from spurgen.harness.board import eligibility
from spurgen.harness.board import references as board_references
from spurgen.harness.cli import main
from spurgen.harness.commands.validity import BEGIN, END
from spurgen.harness.validity import _rows
from spurgen.harness.validity._published import SUBPOPBENCH
from spurgen.harness.validity._report import draw, examine, summary, to_json, to_markdown
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import by_task, table

NAMES = [
    "cannot_show", "erm_failure", "above_erm", "tiers", "spearman", "published_spearman", "dose_response",
    "whac_a_mole", "minimum_detectable_difference", "reliability", "deciding_pattern",
]  # fmt: skip
TESTS, DRAWN = NAMES[1:], NAMES[1:-2]


def test_every_test_returns_a_section_and_the_whole_suite_can_be_judged(sections):
    assert list(sections) == NAMES
    assert all(isinstance(section, Section) for section in sections.values())
    passed = {name: section.passed for name, section in sections.items() if section.JUDGED}
    assert passed == {"erm_failure": True, "above_erm": True, "tiers": True, "spearman": None, "dose_response": False}
    assert not any(sections[name].missing for name in NAMES[:4])


def test_the_json_names_its_version_and_has_every_metric(sections):
    content = json.loads(to_json(sections))
    assert list(content) == ["schema_version", *NAMES]
    assert content["schema_version"] == 6
    assert list(content["erm_failure"]) == ["passed", "missing", "thresholds", "tasks"]
    task = sections["erm_failure"].tasks["signs-text"]
    shown = content["erm_failure"]["tasks"]["signs-text"]
    assert shown["robust_accuracy"] == pytest.approx(task.robust_accuracy, rel=1e-8)
    assert shown["interval"] == pytest.approx(list(task.interval), rel=1e-8)


def test_the_report_does_not_depend_on_the_order_of_the_rows(sections, rows, references, gathered):
    turned = {label: dict(reversed(rows[label].items())) for label in reversed(rows)}
    assert examine(gathered(turned, references)) == sections


def test_the_text_has_every_part_with_its_verdict_and_plot(sections):
    text = to_markdown("toy", sections, NAMES)
    assert text.startswith("# Is SpurGen toy any good?")
    assert "- ERM fails, and correlations are why: holds. ERM's robust accuracy is " in text
    assert "- Agreement of published data sets with one another: measured, no threshold. Spearman's rho is " in text
    assert all(f"]({name}.png)" in text for name in NAMES)
    assert text.index("## What this report cannot show") < text.index("## Verdicts") < text.index("- ERM fails")


def test_a_claim_that_does_not_hold_says_so_and_what_may_still_be_concluded(sections):
    failed = {name: replace(section, passed=False) for name, section in sections.items()}
    for name, line in zip(TESTS, summary(failed).splitlines(), strict=True):
        section = failed[name]
        assert bool(section.STILL) == section.JUDGED, name
        if section.JUDGED:
            assert (section.STILL in summary(sections)) == (sections[name].passed is False)
            assert f": **does not hold**. {section.summary()} {section.STILL}" in line


def test_every_number_of_the_summary_is_from_the_sections(sections):
    lines = dict(zip(TESTS, summary(sections).splitlines(), strict=True))
    erm = sections["erm_failure"].tasks
    assert all(f"{task.robust_accuracy:.2f}" in lines["erm_failure"] for task in erm.values())
    tiers = sections["tiers"].tasks
    assert all(f"{tiers[name].tiers} of {tiers[name].rows} rows" in lines["tiers"] for name in erm)
    rhos = [pair.rho for pair in sections["published_spearman"].pairs if pair.protocol == SUBPOPBENCH]
    assert f"{min(rhos):.2f} to {max(rhos):.2f} over {len(rhos)} pairs" in lines["published_spearman"]
    (series,) = sections["dose_response"].series
    strongest = series.methods["erm"].robust_accuracy.figures[-1]
    assert f"{strongest:.2f}, the ideal observer's 1.00, 1.00, 1.00" in lines["dose_response"]


@pytest.mark.parametrize(
    ("tasks", "main", "text"),
    [
        ({"a": 1, "b": 2, "other": 3}, "ab", "1 (a), 2 (b)"),
        ({"a": 1, "b": 1, "other": 3}, "ab", "1 (each)"),
        ({"a": 1}, "ab", "1 (a)"),
        ({"a": 1, "b": 2}, "c", "1 (a), 2 (b)"),
        ({"<b>": 1}, (), "1 (&lt;b&gt;)"),
        ({}, "a", ""),
    ],
)
def test_by_task_names_each_main_task_or_all_tasks_without_them(tasks, main, text):
    assert by_task(tasks, str, main) == text


def test_without_rows_every_part_names_the_command_that_makes_them(gathered):
    sections = examine(gathered({}, baselines=["erm", "jtt"]))
    for name in set(TESTS) - {"published_spearman"}:
        assert sections[name].passed is None
        assert "` makes what is missing" in " ".join(sections[name].missing)
    assert list(draw(sections)) == ["published_spearman"]
    text = to_markdown("toy", sections, {})
    assert text.count("Missing:") == 9
    assert "The suite has no ranked rows" in text
    assert "Methods can be distinguished: not judged: what it needs is missing" in text


def test_names_of_rows_are_neither_markup_nor_formulas(make_outcomes, gathered):
    sections = examine(gathered({label: {"signs-image": make_outcomes(label)} for label in ("erm", "<b>|$x^{$")}))
    assert "&lt;b&gt;\\|$x^{$" in to_markdown("toy", sections, {})
    assert "whac_a_mole" in draw(sections)  # $ would begin a formula that is not one


@pytest.fixture
def folder(tmp_path, rows, references, keep_row):
    """A folder with results and references of the toy suite."""
    for label, tasks in rows.items():
        keep_row(tmp_path / "results", *(outcome for outcomes in tasks.values() for outcome in outcomes), label=label)
    outcomes = [outcome for those in references.values() for outcome in those]
    keep_row(tmp_path / "results", *outcomes, label="erm", kind="reference")
    return tmp_path


@pytest.fixture
def run(toy_file, tmp_path, monkeypatch):
    """Return a function that runs the command on the toy suite, whose rows count as ours, and returns its exit code."""
    for module in (_rows, eligibility, board_references):
        monkeypatch.setattr(module, "is_baseline_row", lambda _: True)
    return lambda *more: main(["validity", "--suite", toy_file, "--results", str(tmp_path / "results"), *more])


def test_the_command_writes_text_json_and_plots(run, folder, sections, capsys):
    out = folder / "out"
    code = run("--out", str(out))
    assert {path.name for path in out.iterdir()} == {"validity.md", "validity.json", *(f"{name}.png" for name in DRAWN)}
    content = json.loads((out / "validity.json").read_text())
    assert content["erm_failure"] == json.loads(to_json(sections))["erm_failure"]
    assert content["tiers"]["passed"] is None  # most baselines have no row
    assert code == int(any(part["passed"] is False for part in list(content.values())[1:]))
    assert capsys.readouterr().out.strip() == html.unescape((out / "validity.md").read_text()).strip()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    run("--out", str(out))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_summary_replaces_a_section_of_a_file(run, folder, sections, stderr):
    page = folder / "page.md"
    page.write_text("before\n")
    assert run("--page", str(page)) == 2
    assert f"page.md has no line '{BEGIN}' followed by '{END}'" in stderr()
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    run("--page", str(page))
    head, _, text = page.read_text().partition(f"{BEGIN}\n")
    assert (head, text.partition(f"\n{END}\n")[2]) == ("before\n", "after\n")
    assert text.startswith(summary(sections).splitlines()[0])


def test_a_failed_test_gives_exit_code_1(run, folder, make_outcomes, keep_row, stderr):
    keep_row(folder / "results", *make_outcomes("erm", "signs-image", 0.9), label="erm")
    assert run() == 1
    assert "exit code 1, because these tests failed: erm_failure" in stderr()


def test_without_rows_no_report_is_replaced(run, tmp_path, stderr):
    page, out = tmp_path / "README.md", tmp_path / "elsewhere"
    page.write_text(f"{BEGIN}old{END}")
    for flags in (("--out", str(out)), ("--page", str(page)), ("--page", str(page), "--out", str(out))):
        assert run(*flags) == 2
        assert "results: there are no rows of toy to judge" in stderr()
    assert page.read_text() == f"{BEGIN}old{END}"
    assert not list(out.iterdir())


def test_without_rows_the_report_lists_what_is_missing(run, capsys):
    assert run() == 0
    text = capsys.readouterr().out
    assert "signs-image, signs-text: no row of erm; `spurgen benchmark --suite " in text
    assert "access alone reaches 0.83 (" in text  # needs no rows


def test_an_error_in_the_published_metrics_is_named(run, tmp_path, stderr):
    (tmp_path / "p.csv").write_text("protocol,method\np,m\n")
    assert run("--published", str(tmp_path / "p.csv")) == 2
    assert "p.csv, line 2, column dataset: Field required; correct the line" in stderr()


def test_entries_of_a_table_are_text_and_keep_the_star_of_significance(read_table):
    (line,) = read_table(table([{"Method": "*a* [b](c)", "Difference": "-0.054*"}]))
    assert (line["Method"].rstrip(), line["Difference"].rstrip()) == (r"\*a\* \[b\](c)", "-0.054*")
