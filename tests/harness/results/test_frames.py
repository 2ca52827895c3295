import pytest

from spurgen.harness.results.frames import rows_frame


def test_a_row_has_a_line_per_seed_with_typed_columns(suite, make_row):
    row = make_row(suite, 0.8, range(3))
    frame = row.to_pandas()
    assert frame["seed"].tolist() == [0, 1, 2]
    assert frame["accuracy"].tolist() == row.metric("accuracy").tolist()
    assert frame["sss/color"].tolist() == row.metric("sss/color").tolist()
    assert frame["seconds"].tolist() == [result.provenance.total_seconds for result in row.results]
    types = frame.dtypes.astype(str).to_dict()
    named = [types[name] for name in ("task", "error", "seed", "uncorrelated", "wga")]
    assert named == ["string", "string", "Int64", "boolean", "float64"]


def test_rows_have_a_line_per_label_task_and_seed(suite, make_row):
    tasks = ("small-text", "small-image")
    rows = {label: {task: make_row(suite, 0.8, range(2), task=task) for task in tasks} for label in ("b", "a")}
    frame = rows_frame(rows)
    keys = [(label, task, seed) for label in ("a", "b") for task in tasks for seed in (0, 1)]
    assert list(frame[["row", "task", "seed"]].itertuples(index=False, name=None)) == keys


def test_a_failed_result_has_its_error_and_no_metrics(suite, make_row):
    frame = rows_frame({"a": {"small-text": make_row(suite, 0.8, error="boom", metrics={}, channels={})}})
    assert frame.loc[0, "error"] == "boom"
    assert "accuracy" not in frame
    assert len(rows_frame({})) == 0


def test_an_experiment_has_a_line_per_method_and_seed(make_experiment):
    frame = make_experiment({"erm": {}, "jtt": {}}, seeds=(0, 1)).to_pandas()
    assert list(frame["submission"]) == ["erm", "erm", "jtt", "jtt"]
    assert frame["wga"].between(0, 1).all()
    assert frame["peak_memory_bytes"].isna().all()
    assert frame["seconds"].tolist() == pytest.approx([1.5, 2.5, 1.5, 2.5])
