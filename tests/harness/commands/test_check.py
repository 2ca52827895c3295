from spurgen.harness.cli import main

GOOD = "MODALITIES = {'text'}\ndef predict(b):\n    return [[float(len(c)), 1, 2] for c in b.captions]"


def test_a_good_submission_gets_its_table_and_the_next_step(suite_file, write_submission, capsys):
    spec = write_submission(GOOD)
    assert main(["check", spec, "--suite", suite_file, "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["|", "|", "text", "|"]
    told = " ".join(err.split())
    assert "model: access none, offers predict" in told
    assert "All is well. 1 tasks of tiny take about 0 min a seed" in told
    assert f"next: spurgen score {spec} --tasks small-text" in told


def test_each_thing_to_mend_is_told_once_and_the_exit_code_says_so(suite_file, write_submission, capsys):
    spec = write_submission(GOOD.replace("{'text'}", "{'text', 'multimodal'}").replace(", 1, 2]", ", 1]"))
    assert main(["check", spec, "--suite", suite_file, "--device", "cpu"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["|", "|", "text", "|", "multimodal", "|"]
    assert err.count("returned shape (96, 2) on 96 rows, expected (96, 3)") == 2
    assert "model.py, line 2: def predict(b)" in err
    assert "2 to mend; then run this again" in err


def test_what_cannot_be_loaded_is_told_at_once(suite_file, write_submission, capsys):
    assert main(["check", write_submission("x = 1"), "--suite", suite_file, "--device", "cpu"]) == 1
    assert "has none of predict(batch), predict_proba(batch) and encode(batch); add one" in " ".join(
        capsys.readouterr().err.split()
    )
