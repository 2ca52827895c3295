import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import main
from spurgen.harness.options.verifying import only, total
from spurgen.harness.splits.frozen import stamped

SECOND = '\nother-text = { scenario = "other", modality = "text" }\n'


@pytest.fixture
def two(suite_file, suite):
    """A suite of two scenarios, of which the manifest holds one."""
    file = suite.scenario_file("small")
    file.with_name("other.toml").write_text(file.read_text().replace('name = "small"', 'name = "other"'))
    with open(suite_file, "a") as tasks:
        tasks.write(SECOND)
    return suite_file


def test_a_verification_is_noted_for_other_commands_and_is_itself_always_done(suite_file, stderr):
    for _ in range(2):
        assert main(["splits", "verify", "--suite", suite_file, "--jobs", "1"]) == 0
        assert "suite tiny: regenerated 435 samples; all match the manifest" in stderr()
        assert stamped(load_suite(suite_file))


def test_freeze_never_overwrites_a_manifest(suite_file, stderr):
    suite = load_suite(suite_file)
    for file in (suite.datasheet_file, suite.croissant_file):
        file.write_text("{}")
    assert main(["splits", "freeze", "--suite", suite_file]) == 2
    assert "a frozen suite never changes" in stderr()


@pytest.mark.parametrize("lost", [["croissant"], ["datasheet", "croissant"]])
def test_freeze_completes_a_suite_after_a_kill_between_two_files(suite_file, lost, stderr):
    suite = load_suite(suite_file)
    assert main(["splits", "freeze", "--suite", suite_file]) == 0
    files = {kind: getattr(suite, f"{kind}_file") for kind in ("manifest", "datasheet", "croissant")}
    written = {kind: file.read_text() for kind, file in files.items()}
    for kind in lost:
        files[kind].unlink()
    assert main(["splits", "freeze", "--suite", suite_file]) == 0
    assert {kind: file.read_text() for kind, file in files.items()} == written
    assert main(["splits", "freeze", "--suite", suite_file]) == 2
    assert "a frozen suite never changes" in stderr()


def test_only_the_named_scenarios_are_listed_and_verified(two, capsys, stderr):
    assert list(only(load_suite(two), ["other"]).tasks) == ["other-text"]
    assert total(only(load_suite(two), ["other"])) * 2 == total(load_suite(two))
    assert main(["splits", "verify", "--suite", two, "--jobs", "1"]) == 2  # the other one is not frozen
    assert "does not hold scenario other" in stderr()
    assert main(["splits", "verify", "--suite", two, "--jobs", "1", "--scenarios", "small", "small"]) == 0
    assert main(["splits", "list", "--suite", two, "--scenarios", "other"]) == 0
    assert "small" not in capsys.readouterr().out
    assert main(["splits", "list", "--suite", two, "--scenarios", "small"]) == 0
    assert capsys.readouterr().out.count("small") == 9


def test_a_job_verifies_only_the_scenario_that_it_uses(two, score, write_submission, stderr):
    spec = write_submission("def predict(b): return [[float(len(c)), 1, 2] for c in b.captions]")
    assert score(spec) == 0
    assert "verifying suite tiny: making 435 samples of small again" in stderr()
    assert stamped(only(load_suite(two), ["small"]))
    assert score(spec, seeds="1") == 0
    assert "verifying" not in stderr()
    assert score(spec, tasks=("other-text",)) == 2
    assert "does not hold scenario other" in stderr()


def test_verify_works_where_nothing_can_be_written(suite_file, unwritable, monkeypatch, stderr):
    monkeypatch.setenv("SPURGEN_CACHE", str(unwritable))
    assert main(["splits", "verify", "--suite", suite_file, "--jobs", "1"]) == 0
    assert f"cannot note this in {unwritable} (Not a directory)" in stderr()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("list --scenarios smal", "there is no scenario 'smal'; did you mean small?"),
        ("list --jobs 1", "unknown flag --jobs"),  # of another action
        ("freeze --scenarios small", "unknown flag --scenarios"),
    ],
)
def test_what_an_action_does_not_know_is_refused_with_similar_names(suite_file, stderr, line, message):
    assert main(["splits", *line.split(), "--suite", suite_file]) == 2
    assert message in stderr()


def test_a_suite_of_ladders_is_frozen_and_verified(ladder_suite, ladder_file):
    before = ladder_suite.manifest_file.read_text()
    ladder_suite.manifest_file.unlink()
    assert main(["splits", "freeze", "--suite", ladder_file, "--jobs", "1"]) == 0
    assert ladder_suite.manifest_file.read_text() == before
    assert ladder_suite.datasheet_file.exists()
    assert main(["splits", "verify", "--suite", ladder_file, "--scenarios", "few-w0", "--jobs", "1"]) == 0
