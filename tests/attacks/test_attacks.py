"""Every hostile submission fails, every honest one is scored, and none leaves a trace."""

import hashlib
import os

import pytest
import scorecard

from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.formats import to_csv, to_markdown
from spurgen.harness.board.leaderboard import build
from spurgen.harness.results.identity import HOME
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.running.plan import plan
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.rechecks import DROP

pytestmark = pytest.mark.needs("bubblewrap")
CODE = ("benchmark", "generators", "baselines", "harness")


@pytest.fixture(scope="session")
def attacked(made_once):
    return str(made_once("attacked", scorecard.make_suite) / "attacks.toml")


def digest():
    """Hash the code, which a submission might change."""
    files = sorted(path for folder in CODE for path in (HOME / folder).rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


@pytest.fixture(scope="session")
def code():
    return digest()


def trace():
    """Return what else it might have changed: the current folder, the number of open descriptors."""
    return sorted(os.listdir(".")), len(os.listdir("/proc/self/fd"))


ATTACKS = scorecard.submissions()


@pytest.mark.parametrize("name", ATTACKS)
def test_every_submission_has_its_expected_outcome_and_leaves_no_trace(name, attacked, code, tmp_path, monkeypatch):
    if name == "remembers_in_names" and not os.access(DROP, os.W_OK):
        pytest.skip("only root can drop the names that were looked up (docs/sandbox.md)")
    monkeypatch.chdir(tmp_path)
    before = trace()
    outcome = scorecard.attempt(ATTACKS[name], attacked)
    assert scorecard.verdict(ATTACKS[name], outcome, attacked) == ""
    assert outcome.result is None or outcome.result.isolation == "bubblewrap"
    assert trace() == before
    assert digest() == code


def test_at_least_70_hostile_and_6_honest_submissions_are_tried():
    """No two of them have the same name, or one would not be tried."""
    files = [*(scorecard.FOLDER / "hostile").glob("*.py"), scorecard.FOLDER / "honest.py"]
    assert len(ATTACKS) == sum(file.read_text().count("# expected: ") for file in files)
    kinds = [attack.kind for attack in ATTACKS.values()]
    assert kinds.count("hostile") >= 70
    assert kinds.count("honest") >= 6
    page = (scorecard.FOLDER.parents[1] / "docs" / "sandbox.md").read_text("utf-8")
    hostile, undetected = kinds.count("hostile"), [attack.status for attack in ATTACKS.values()].count("undetected")
    beaten = f"{hostile - undetected} of {hostile} attacks beaten, {undetected} undetected"
    assert beaten in page, "run `make attacks`"


def test_a_dangerous_name_is_plain_text_in_every_table(attacked, tmp_path):
    file = ATTACKS["has_a_dangerous_name"].write(tmp_path)
    job = plan(attacked, [scorecard.TASK], [str(file)], [0], limits=scorecard.LIMITS)[0]
    result, samples = run(job)
    board = build(load_suite(attacked), {result.submission: {scorecard.TASK: make_task_row([(result, samples)])}})
    assert "<script>" not in to_markdown(board)
    assert "\n=" not in to_csv(board)
    assert ",=" not in to_csv(board)


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("failed: no such thing", "expected the reason 'no such thing', got "),
        ("ranked", "expected ranked, got unranked"),
        ("unranked", ""),
    ],
)
def test_the_scorecard_reports_an_unexpected_outcome(attacked, tmp_path, expected, message):
    raising = "raise ValueError" if expected.startswith("failed") else "return [[0.0] * 3] * len(batch)"
    file = tmp_path / "model.py"
    file.write_text(f"# %% model\n# Does something.\n# expected: {expected}\ndef predict(batch):\n    {raising}\n")
    [attack] = scorecard.read(file)
    broken = scorecard.verdict(attack, scorecard.attempt(attack, attacked), attacked)
    assert broken.startswith(message)
    assert bool(broken) == bool(message)
