"""The report as a whole, and the command that writes it."""

import html
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from spurgen.harness.board import rows as board_rows
from spurgen.harness.board.schema import SCHEMA_VERSION
from spurgen.harness.cli import main
from spurgen.harness.commands.validity import BEGIN, END
from spurgen.harness.validity import suite
from spurgen.harness.validity.report import QUESTIONS, ask, draw, summary, to_json, to_markdown
from spurgen.harness.validity.suite import FAILS, MEASURED, VERDICTS, Answer

NAMES = [
    "entry_rules", "number_needed", "halves", "tiers", "spearman", "published_spearman", "whac_a_mole",
    "minimum_detectable_difference", "reliability", "fine_tuned",
]  # fmt: skip
DRAWN = NAMES[3:-2]
NO_HALVES = "not judged: the suite has no two halves"
NO_TRAINED = "not judged: no ladder trains encoders"


@pytest.fixture(scope="module")
def ranked(rows, gathered):
    return gathered(rows)


def test_every_question_has_an_answer_of_at_most_two_sentences(answers):
    assert list(answers) == NAMES
    verdicts = [answer.verdict for answer in answers.values()]
    assert verdicts == [*["not judged: the suite has no ladder"] * 2, NO_HALVES, "holds", *[MEASURED] * 5, NO_TRAINED]
    for name, answer in answers.items():
        assert isinstance(answer, Answer)
        assert (
            (name not in (*NAMES[:3], NAMES[-1])) <= answer.summary.count(". ") + answer.summary.endswith(".") <= 2
        ), name
        assert QUESTIONS[name].about.count("\n") >= 2
    assert not any(answers[name].missing for name in NAMES[:5])


def test_the_json_has_every_number_as_a_number_and_names_its_version(answers, line):
    content = json.loads(to_json(answers))
    assert list(content) == ["schema_version", *NAMES]
    assert content["schema_version"] == SCHEMA_VERSION
    assert list(content["tiers"]) == ["title", "verdict", "summary", "missing", "tables"]
    asked = {"task": "signs-text", "submission": "jtt"}
    (shown,) = [each for each in content["tiers"]["tables"]["Rows"] if asked.items() <= each.items()]
    known = line(answers["tiers"], **asked)
    numbers = {key: value for key, value in known.items() if isinstance(value, float)}
    assert {key: shown[key] for key in numbers} == pytest.approx(numbers, rel=1e-7)
    assert shown.keys() == known.keys()
    assert shown["robust_accuracy_low"] < shown["robust_accuracy"] < shown["robust_accuracy_high"]


def test_the_report_does_not_depend_on_the_order_of_the_rows(answers, rows, gathered):
    turned = {label: dict(reversed(rows[label].items())) for label in reversed(rows)}
    assert to_json(ask(gathered(turned))) == to_json(answers)


def test_the_text_has_verdicts_tables_and_plots(answers, ranked, read_table):
    text = to_markdown(ranked, answers, NAMES)
    assert text.startswith("# Is SpurGen toy any good?")
    for name, question in QUESTIONS.items():
        assert f"- {question.title}: " in text.partition("\n## Verdicts\n")[2].partition("\n## ")[0]
        assert name in ("halves", "fine_tuned") or text.index(f"## {question.title}") < text.index(f"]({name}.svg)")
    lines = read_table(text.partition("### Changes")[2].strip().partition("\n\n")[0])
    asked = ("signs-text", "jtt", "color")
    (jtt,) = [each for each in lines if tuple(each[k].strip() for k in ("Task", "Submission", "Channel")) == asked]
    assert jtt["Change"].startswith("-0.276 [")
    assert (jtt["Significant"].strip(), jtt["P holm"].strip()) == ("yes", "< 1e-4")


def test_of_a_long_table_the_text_has_the_tasks_that_are_shown(ranked):
    long = [{"task": task, "value": k / 8} for task in ("a", "b") for k in range(40)]
    text = to_markdown(ranked, {"tiers": Answer(MEASURED, "", {"Long": long}, shown=["a"])})
    assert (text.count("| a "), text.count("| b ")) == (40, 0)
    assert "40 lines on other tasks are in `validity.json`." in text


def test_what_may_still_be_concluded_stands_below_a_claim_that_does_not_hold(answers, ranked):
    still = QUESTIONS["tiers"].still
    failed = {**answers, "tiers": replace(answers["tiers"], verdict=FAILS)}
    assert still in to_markdown(ranked, failed)
    assert still not in to_markdown(ranked, answers)
    assert "**does not hold**" in to_markdown(ranked, failed)


def test_the_summary_is_a_table_that_names_the_order_of_its_numbers(answers, ranked, read_table):
    order, _, table = summary(ranked, answers).partition("\n\n")
    assert "signs-image / signs-text" in order
    lines = read_table(table)
    assert [each["Question"].strip() for each in lines] == [question.title for question in QUESTIONS.values()]
    assert lines[3]["Verdict"].strip() == "holds"
    assert lines[3]["Numbers"].startswith("The largest sets of rows that all differ have 5 of 5 rows")


def test_every_plot_names_what_it_shows(answers):
    plots = draw(answers)
    assert list(plots) == DRAWN
    assert all(isinstance(figure, Figure) for figure in plots.values())
    for name, row in (("tiers", "crt"), ("whac_a_mole", "jtt"), ("spearman", "the four, median")):
        assert row in [label.get_text() for label in plots[name].axes[0].get_yticklabels()]
    assert [axes.get_title(loc="left") for axes in plots["tiers"].axes] == ["signs-image", "signs-text"]


def test_without_rows_every_answer_names_the_command_that_makes_them(gathered):
    ranked = gathered({}, baselines=["erm", "jtt"])
    answers = ask(ranked)
    for name in set(NAMES) - {"published_spearman", "fine_tuned", *NAMES[:3]}:
        assert answers[name].verdict in (VERDICTS[None], MEASURED)
        assert "` makes what is missing" in " ".join(answers[name].missing)
    assert list(draw(answers)) == ["published_spearman"]
    text = to_markdown(ranked, answers)
    assert text.count("Missing:") == 5
    assert "Methods can be distinguished: not judged: what it needs is missing" in text


def test_names_of_rows_are_neither_markup_nor_formulas(make_outcomes, gathered):
    ranked = gathered({label: {"signs-image": make_outcomes(label)} for label in ("erm", "<b>|$x^{$")})
    answers = ask(ranked)
    assert "&lt;b&gt;\\|$x^{$" in to_markdown(ranked, answers)
    assert "whac_a_mole" in draw(answers)  # $ would begin a formula that is not one


@pytest.fixture
def folder(tmp_path, rows, keep_row):
    """A folder with results of the toy suite."""
    for label, tasks in rows.items():
        keep_row(tmp_path / "results", *(outcome for outcomes in tasks.values() for outcome in outcomes), label=label)
    return tmp_path


@pytest.fixture
def run(toy_file, tmp_path, monkeypatch):
    """Return a function that runs the command on the toy suite, whose rows count as ours, and returns its exit code."""
    for module in (suite, board_rows):
        monkeypatch.setattr(module, "is_baseline_row", lambda _: True)
    return lambda *more: main(["validity", "--suite", toy_file, "--results", str(tmp_path / "results"), *more])


def test_the_command_writes_text_json_and_plots(run, folder, answers, capsys):
    out = folder / "out"
    code = run("--out", str(out))
    assert {path.name for path in out.iterdir()} == {"validity.md", "validity.json", *(f"{name}.svg" for name in DRAWN)}
    content = json.loads((out / "validity.json").read_text())
    assert content["reliability"] == json.loads(to_json(answers))["reliability"]
    assert content["tiers"]["verdict"] == VERDICTS[None]  # most baselines have no row
    assert code == int(any(content[name]["verdict"] == FAILS for name in NAMES))
    assert capsys.readouterr().out.strip() == html.unescape((out / "validity.md").read_text()).strip()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    run("--out", str(out))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_summary_replaces_a_section_of_a_file(run, folder, stderr):
    page = folder / "page.md"
    page.write_text("before\n")
    assert run("--page", str(page)) == 2
    assert f"page.md has no line '{BEGIN}' followed by '{END}'" in stderr()
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    run("--page", str(page))
    head, _, text = page.read_text().partition(f"{BEGIN}\n")
    assert (head, text.partition(f"\n{END}\n")[2]) == ("before\n", "after\n")
    assert "Methods can be distinguished" in text


@pytest.mark.usefixtures("folder")
def test_a_claim_that_does_not_hold_gives_exit_code_1(run, rows, monkeypatch, stderr):
    monkeypatch.setattr("spurgen.harness.validity.differences.WANTED", 6)
    method = SimpleNamespace(submission=SimpleNamespace(ACCESS="none"))
    monkeypatch.setattr("spurgen.harness.commands.validity.discover", lambda _: dict.fromkeys(rows, method))
    assert run() == 1
    assert "exit code 1, because these claims do not hold: tiers" in stderr()


def test_without_rows_no_report_is_replaced(run, tmp_path, stderr, capsys):
    page, out = tmp_path / "README.md", tmp_path / "elsewhere"
    page.write_text(f"{BEGIN}old{END}")
    for flags in (("--out", str(out)), ("--page", str(page)), ("--page", str(page), "--out", str(out))):
        assert run(*flags) == 2
        assert "results: there are no rows of toy to judge" in stderr()
    assert page.read_text() == f"{BEGIN}old{END}"
    assert not list(out.iterdir())
    assert run() == 0
    assert "no row of erm; `spurgen benchmark --suite " in capsys.readouterr().out
