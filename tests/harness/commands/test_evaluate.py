import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spurgen.harness.board.report import read_report
from spurgen.harness.cli import main


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """Metadata in the layout of Waterbirds and the answers of two models, one with two runs, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    y, place, split = np.array(list(np.ndindex(2, 2, 3)) * 20).T
    place = np.where(split == 0, y, place)
    names = [f"{k}.jpg" for k in range(len(y))]
    about = pd.DataFrame({"img_filename": names, "y": y, "place": place, "split": split})
    about.to_csv("metadata.csv", index=False)
    test = about[about.split == 2]
    shortcut = test.assign(prediction=test.place)[["img_filename", "prediction"]]
    shortcut.to_csv("shortcut.csv", index=False)
    leaning = test.assign(prediction=np.where(np.arange(len(test)) % 8 < 4, test.place, test.y))
    leaning[["img_filename", "prediction"]].to_csv("leaning.csv", index=False)
    right = test.assign(prediction=test.y)[["img_filename", "prediction"]]
    pd.concat([right.assign(run=k) for k in (0, 1)]).to_csv("right.csv", index=False)


@pytest.mark.usefixtures("tables")
def test_a_model_that_reads_the_shortcut_is_described(capsys):
    assert main(["evaluate", "shortcut.csv", "--metadata", "metadata.csv"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert re.search(r"shortcut: accuracy 0\.500 \[0\.4\d\d, 0\.5\d\d\] on 80 samples of split test\.", printed)
    worst = (
        r"Its worst group is landbird, place = water: worst-group accuracy 0\.000 \[0\.000, 0\.\d\d\d\], "
        r"an interval for all 4 groups at once; corrected"
    )
    assert re.search(worst, printed)
    assert "shortcut: accuracy of each group alone" in printed
    assert re.search(r"Accuracy if misled is 0\.000 \[0\.000, 0\.0\d\d\], where all mislead\.", printed)
    assert "Intervals: 95 %, over samples, of this run." in printed
    assert "\x1b" not in printed


@pytest.mark.usefixtures("tables")
def test_lines_that_are_not_used_are_counted(capsys):
    pd.read_csv("metadata.csv").assign(prediction=0).to_csv("all.csv", index=False)
    assert main(["evaluate", "all.csv", "--metadata", "metadata.csv"]) == 0
    assert "on 80 samples of split test (160 other lines not used)." in capsys.readouterr().out


def test_a_generated_data_set_in_the_layout_of_waterbirds_is_evaluated(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    size = "--num-classes 2 --num-samples 80 --channels color --image-size 32 --twins"
    assert main(["generate", "--out", "data", "--format", "wilds", *size.split()]) == 0
    about = pd.read_csv("data/metadata.csv")
    test = about[about.split == 2]
    test.assign(prediction=test.y)[["img_filename", "prediction"]].to_csv("right.csv", index=False)
    capsys.readouterr()
    for flags in ([], ["--split", "2", "--label", "y", "--attributes", "place"]):
        words = ["evaluate", "right.csv", "--metadata", "data/metadata.csv", "--allow-missing-groups", *flags]
        assert main(words) == 0
        printed = capsys.readouterr().out
        assert "right: accuracy 1.000" in printed
        assert f"on {len(test)} samples of split test." in printed
        assert re.search(r"^\s*1, place = 0 ", printed, re.MULTILINE)
        assert "bird" not in printed


@pytest.mark.usefixtures("tables")
def test_the_first_of_several_models_is_compared_with_the_others_and_all_is_written(capsys):
    for folder in ("a", "b"):
        Path(folder).mkdir()
        shutil.copy("leaning.csv", f"{folder}/model.csv")
    words = "evaluate right.csv a/model.csv b/model.csv leaning.csv --metadata metadata.csv --json all.json"
    assert main([*words.split(), "--latex", "all.tex", "--figure", "all.svg"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for other in ("a/model", "b/model", "leaning"):
        assert f"right beats {other} in accuracy if misled: right less {other} is +0.500" in printed
        assert re.search(rf"Accuracy if misled right {other} 1\.000 0\.500 \+0\.500", printed)
    assert "p-values are Holm-corrected over the metrics and models. The bootstrap of samples is paired." in printed
    report = read_report(Path("all.json"), "evaluate")
    figures = [(line["model"], line["runs"], line["wga"]) for line in report.lines("models")]
    assert figures == [("right", 2, 1), ("a/model", 1, 0.5), ("b/model", 1, 0.5), ("leaning", 1, 0.5)]
    tests = [line for line in report.lines("comparisons") if line["metric"] == "accuracy"]
    compared = [(line["other"], line["difference"]) for line in tests]
    assert compared == [("a/model", 0.25), ("b/model", 0.25), ("leaning", 0.25)]


def test_a_generated_data_set_is_grouped_by_class_and_alignment(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    size = "--num-classes 3 --num-samples 60 --channels color shape --image-size 32 --twins"
    assert main(["generate", "--out", "data", *size.split()]) == 0
    about = pd.read_csv("data/metadata.csv")
    test = about[about.split == "test"]
    right = test.color_aligned | (np.arange(len(test)) % 2 == 0)
    answers = test.assign(prediction=np.where(right, test.label, (test.label + 1) % 3))[["file_name", "prediction"]]
    answers.to_csv("answers.csv", index=False)
    capsys.readouterr()
    assert main(["evaluate", "answers.csv", "--metadata", "data/metadata.csv", "--json", "figures.json"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "The data say of every sample whether these go with its class: color, shape." in printed
    report = read_report(Path("figures.json"), "evaluate")
    (figures,) = report.lines("models")
    assert (figures["samples"], len(report.lines("groups"))) == (len(test), 12)
    assert report.about["models"]["answers"]["flags"] == ["color", "shape"]
    both = {"agree": test.color_aligned & test.shape_aligned, "mislead": ~test.color_aligned & ~test.shape_aligned}
    of_state = {name: right[there].mean() for name, there in both.items()}
    assert {name: figures[f"accuracy_{name}"] for name in of_state} == pytest.approx(of_state)
    assert figures["robust_accuracy"] == pytest.approx(min(of_state.values()))
    by_value = "evaluate answers.csv --metadata data/metadata.csv --attributes color --allow-missing-groups"
    assert main(by_value.split()) == 0
    assert re.search(r"\d, color = \d", capsys.readouterr().out)


@pytest.mark.usefixtures("tables")
def test_tables_without_names_of_samples_are_paired_by_their_places_and_the_summary_says_so(capsys):
    lines = [f"{k % 2},{k // 2 % 2},{k % 2 if k % 6 else 1 - k % 2}" for k in range(24)]
    for name in ("one.csv", "two.csv"):
        Path(name).write_text("\n".join(["y,place,pred", *lines]))
    assert main(["evaluate", "one.csv", "two.csv", "--attributes", "place"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Samples have no names (--key), so they are paired by their positions." in printed
    assert main(["evaluate", "right.csv", "leaning.csv", "--metadata", "metadata.csv"]) == 0
    assert "their places" not in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("tables")
def test_the_name_of_a_model_is_printed_as_it_is(capsys):
    for name in ("run[a].csv", "run[b].csv"):
        pd.read_csv("shortcut.csv").to_csv(name, index=False)
    assert main(["evaluate", "run[a].csv", "run[b].csv", "--metadata", "metadata.csv"]) == 0
    assert re.search(r"\n +run\[a\] +run\[b\]\n", capsys.readouterr().out)


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("no.csv", "no.csv does not exist"),
        ("shortcut.csv", "has no column of labels"),
        ("shortcut.csv --metadata metadata.csv --aligned place", "expected an attribute and a value for each class"),
        ("shortcut.csv --metadata metadata.csv --split dev", "column split: there is no split 'dev' (--split)"),
        ("shortcut.csv --metadata metadata.csv --aligned plaice landbird=land", "did you mean place?"),
        ("shortcut.csv --metadata metadata.csv --images photos", "--images has no effect without --model; leave it"),
        ("--model x.py", "--model needs --metadata, and either --images FOLDER or --texts COLUMN"),
        ("--model m.py --metadata metadata.csv --texts y --image-size 32", "--image-size has no effect with --texts"),
        ("--model m.py --metadata metadata.csv --images x --run seed", "--run has no effect without a table of"),
        ("right.csv --metadata metadata.csv --json metadata.csv", "--json metadata.csv is read as well, and would be"),
        ("right.csv --metadata metadata.* --json metadata.csv", "--json metadata.csv is read as well, and would be"),
        ("right.csv --metadata metadata.csv --latex x --json ./x", "--json and --latex both name x; name another file"),
        ("--model m.py:best --metadata metadata.csv --texts y --json m.py", "--json m.py is read as well, and"),
        ("shortcut.csv --metadata metadata.csv --checkpoints", "--checkpoints needs two or more tables, and takes no"),
    ],
)
def test_a_mistake_is_an_error_that_says_what_to_do(words, message, stderr):
    assert main(["evaluate", *words.split()]) == 2
    assert message in stderr()


@pytest.mark.usefixtures("tables")
def test_a_submission_is_compared_with_a_table_of_answers(capsys, tmp_path):
    about = pd.read_csv("metadata.csv")
    about.assign(words=np.where(about.y == 1, "water", "land")).to_csv("metadata.csv", index=False)
    (tmp_path / "reader.py").write_text(
        "import numpy as np\n\ndef predict(b):\n    return np.eye(2)[[int(c == 'water') for c in b.captions]]\n"
    )
    flags = ["--metadata", "metadata.csv", "--model", "reader.py", "--texts", "words"]
    assert main(["evaluate", "leaning.csv", *flags]) == 0
    printed = capsys.readouterr().out
    assert "reader: accuracy 1.000" in printed
    assert "reader beats leaning in accuracy if misled" in printed
    Path("leaning.csv").rename("reader.csv")
    assert main(["evaluate", "reader.csv", *flags]) == 0
    assert "reader.py beats reader.csv in accuracy if misled" in capsys.readouterr().out


@pytest.mark.usefixtures("tables")
def test_checkpoints_are_selected_by_val_and_shown_on_test(capsys):
    about = pd.read_csv("metadata.csv")
    answered = about[about.split > 0]
    for epoch, wrong in enumerate((answered.place != answered.y, answered.split == 1)):  # shortcut on test; on val
        answers = answered.assign(prediction=np.where(wrong, 1 - answered.y, answered.y))
        answers[["img_filename", "prediction"]].to_csv(f"epoch-{epoch}.csv", index=False)
    words = "evaluate epoch-0.csv epoch-1.csv --metadata metadata.csv --checkpoints --json -"
    assert main(words.split()) == 0
    streams = capsys.readouterr()
    record = json.loads(streams.out)
    assert not Path("-").exists()
    assert record["checkpoints"]["last"] == record["checkpoints"]["oracle"] == ["epoch-1"]
    assert record["checkpoints"]["val accuracy"] == record["checkpoints"]["val worst class"] == ["epoch-0"]
    assert re.search(r"\nval accuracy +epoch-0 +0\.500 \[.*\] +1\.000 \[.*\] +0\.500 \[.*\] +0\.000", streams.err)
    assert "no method may" in " ".join(streams.err.split())
    answers[answers.split == 2][["img_filename", "prediction"]].to_csv("epoch-1.csv", index=False)
    assert main(words.split()) == 2
    assert "epoch-1.csv has no prediction for 80 of 80 samples of metadata.csv" in capsys.readouterr().err
