"""The check of the number of train samples: judged on planted heights, and measured on a small ladder."""

import ladders
import pytest
import size

from spurgen.harness.cli import run_script

LOW = {0: 0.1, 8: 0.2, 32: 0.6, 128: 0.8}
HIGH = {0: 0.1, 8: 0.7, 32: 0.7, 128: 0.8}


@pytest.mark.parametrize(("larger", "met"), [(HIGH, True), ({**HIGH, 8: 0.1, 32: 0.2}, False)])
def test_the_order_of_numbers_must_stay(larger, met):
    curves = {("erm", "n = 60"): LOW, ("subg", "n = 60"): HIGH, ("erm", "n = 120"): LOW, ("subg", "n = 120"): larger}
    lines, ((_, found, ok),) = ladders.judge_numbers("x", curves, 0.8, size.rule)
    assert [(line["Method"], line["n = 60"]) for line in lines] == [("erm", "32"), ("subg", "<=8")]
    assert (found, ok) == ("subg < erm" + ("" if met else "; erm < subg"), met)


@pytest.mark.usefixtures("words")
def test_methods_are_trained_on_fewer_and_on_more_samples(ladder_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ladders.pool, "run", lambda work, jobs, _=None: ((job, work(job)) for job in jobs))
    sizes = set()
    monkeypatch.setattr(ladders, "fit_on_rung", lambda job, fit=ladders.fit_on_rung: (note(job, sizes), fit(job))[1])
    asked = ["--suite", ladder_file, "--ladders", "few-text", "--methods", "erm", "--seeds", "100"]
    run_script(size, [*asked, "--out", str(tmp_path / "known.json")])
    shown = capsys.readouterr().out
    middle = sorted(sizes)[1]
    assert sorted(sizes) == [middle // 2, middle, 2 * middle]
    assert f"| n = {2 * middle}" in shown


def note(job, sizes):
    from spurgen.harness.running.data import make_part

    assert len(make_part(job, "train").inputs) == job.task.num_train
    sizes.add(job.task.num_train)
