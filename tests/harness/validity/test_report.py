import html
import io
import json

import numpy as np
import pytest
from PIL import Image

from spurgen.harness.cli import main
from spurgen.harness.commands.validity import BEGIN, END
from spurgen.harness.results.store import write_cell
from spurgen.harness.validity._report import draw, examine, summary, to_markdown
from spurgen.harness.validity._tables import by_task

KEYS = [
    "erm_failure", "tiers", "spearman", "published_spearman", "dose_response", "whac_a_mole",
    "minimum_detectable_difference",
]  # fmt: skip


@pytest.fixture(scope="module")
def figures(results):
    return draw(results)


def test_a_whole_suite_has_every_part(results):
    assert list(results) == KEYS
    assert all(result["passed"] is not None for result in (results[name] for name in KEYS[:2]))
    assert not any(results[name]["missing"] for name in KEYS[:2])
    assert json.loads(json.dumps(results, allow_nan=False)) == results


def test_the_report_is_a_function_of_the_rows_and_not_of_their_order(results, rows, references, weigh):
    turned = {label: dict(reversed(rows[label].items())) for label in reversed(rows)}
    assert examine(weigh(turned, references)) == results


def test_every_part_is_drawn_in_shades_of_grey(figures):
    assert list(figures) == KEYS
    for png in figures.values():
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), int)
        assert np.ptp(pixels, axis=2).max() <= 12  # nothing is told by colour
        assert min(pixels.shape[:2]) > 200
        assert pixels.min() < 60


def test_the_text_has_every_part_with_its_verdict_and_figure(results, figures):
    text = to_markdown("toy", results, figures)
    assert text.startswith("# Is SpurGen toy any good?")
    assert "- ERM fails, and the shortcut is why: passed. ERM's worst-group accuracy is " in text
    assert "data sets have with one another: a measurement, nothing to pass. Spearman's rho is " in text
    assert all(f"]({name}.png)" in text for name in KEYS)
    failed = {**results, "tiers": {**results["tiers"], "passed": False}}
    assert "- Methods can be told apart: **failed**. Tiers: " in to_markdown("toy", failed, {})


def test_every_figure_of_the_summary_is_of_the_results(results):
    erm = results["erm_failure"]["tasks"]
    told = dict(zip(KEYS, summary(results).splitlines(), strict=True))
    assert all(f"{found['wga']:.2f}" in told["erm_failure"] for found in erm.values())
    counts = results["tiers"]["tasks"]
    assert all(f"{counts[name]['tiers']} of {counts[name]['rows']} rows" in told["tiers"] for name in erm)
    rhos = [pair["rho"] for pair in results["published_spearman"]["pairs"]]
    assert f"{min(rhos):.2f} to {max(rhos):.2f} over {len(rhos)} pairs" in told["published_spearman"]
    strongest = results["dose_response"]["methods"]["erm"]["wga"]["figures"][-1]
    assert f"{strongest:.2f} and its SSS" in told["dose_response"]


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


def test_without_rows_every_part_says_what_makes_them(weigh):
    results = examine(weigh({}, baselines=["erm", "jtt"]))
    for name in set(KEYS) - {"published_spearman"}:
        assert results[name]["passed"] is None
        assert "` makes what is missing" in " ".join(results[name]["missing"])
    assert list(draw(results)) == ["published_spearman"]
    text = to_markdown("toy", results, {})
    assert text.count("Not there yet:") == 6
    assert "Methods can be told apart: not judged yet, for want of rows" in text


def test_strangers_names_are_text(make_cells, weigh):
    rows = {label: {"signs-image": make_cells(label)} for label in ("erm", "<b>|$x^{$")}
    results = examine(weigh(rows))
    assert "&lt;b&gt;\\|$x^{$" in to_markdown("toy", results, {})
    assert "whac_a_mole" in draw(results)  # $ would begin a formula, and this is none


@pytest.fixture
def folder(tmp_path, rows, references):
    for top, some in (("results", rows), ("calibration", {"erm": references})):
        for label, tasks in some.items():
            for cells in tasks.values():
                for cell in cells:
                    path = tmp_path / top / "toy" / label / f"{cell.task}-{cell.seed}-{cell.identity[:16]}.json"
                    write_cell(path, cell)
    return tmp_path


def run(toy_file, folder, *more):
    return main(["validity", "--suite", toy_file, "--results", str(folder / "results"), *more])


def test_the_command_writes_text_json_and_figures(toy_file, folder, results, capsys):
    code = run(toy_file, folder)
    out = folder / "validity-toy"
    assert not (folder / "validity").exists()  # which is the canonical suite's
    assert {path.name for path in out.iterdir()} == {"validity.md", "validity.json", *(f"{name}.png" for name in KEYS)}
    found = json.loads((out / "validity.json").read_text())
    assert found["erm_failure"] == results["erm_failure"]
    assert found["tiers"]["passed"] is None  # most baselines have no row
    assert code == int(any(part["passed"] is False for part in found.values()))
    assert capsys.readouterr().out.strip() == html.unescape((out / "validity.md").read_text()).strip()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    run(toy_file, folder)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_summary_stands_in_a_file_where_that_is_wanted(toy_file, folder, capsys):
    page = folder / "page.md"
    page.write_text("before\n")
    assert run(toy_file, folder, "--readme", str(page)) == 2
    assert "put both where the table is to stand" in " ".join(capsys.readouterr().err.split())
    assert not (folder / "validity-toy").exists()
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    run(toy_file, folder, "--readme", str(page))
    results = json.loads((folder / "validity-toy" / "validity.json").read_text())
    assert page.read_text() == f"before\n{BEGIN}\n{summary(results)}\n{END}\nafter\n"


def test_a_failed_test_is_the_exit_code(toy_file, folder, make_cells, stderr):
    for cell in make_cells("erm", "signs-image", 0.9, seeds=2):
        path = folder / "results" / "toy" / "erm" / f"signs-image-{cell.seed}-{cell.identity[:16]}.json"
        assert path.exists()
        write_cell(path, cell)
    assert run(toy_file, folder) == 1
    assert "failed, hence exit code 1: erm_failure" in stderr()


def test_no_rows_do_not_replace_a_report_of_some(toy_file, tmp_path, stderr):
    (tmp_path / "README.md").write_text("<!-- validity: begin -->old<!-- validity: end -->")
    readme = "--readme", str(tmp_path / "README.md")
    for flags in ((), readme, (*readme, "--out", str(tmp_path / "elsewhere"))):
        assert run(toy_file, tmp_path, *flags) == 2
        assert "results: there are no rows of toy to judge" in stderr()
    assert "old" in (tmp_path / "README.md").read_text()
    assert not list(tmp_path.rglob("validity*.md"))


def test_an_empty_folder_is_a_report_too(toy_file, tmp_path, capsys, stderr):
    assert run(toy_file, tmp_path, "--out", str(tmp_path / "elsewhere")) == 2  # a folder that is not there is a slip
    assert "results: there are no rows of toy to judge" in stderr()
    (tmp_path / "results").mkdir()
    assert run(toy_file, tmp_path, "--out", str(tmp_path / "elsewhere")) == 0
    assert f"spurgen benchmark --suite {toy_file}" in capsys.readouterr().out
    assert (tmp_path / "elsewhere" / "validity.json").exists()


def test_bad_published_figures_are_named(toy_file, tmp_path, capsys):
    (tmp_path / "p.csv").write_text("protocol,method\np,m\n")
    assert run(toy_file, tmp_path, "--published", str(tmp_path / "p.csv")) == 2
    assert "p.csv, line 2, column dataset: Field required; mend the line" in capsys.readouterr().err.replace("\n", "")
