import json
import os
import stat

import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.generators import aligned_values, sample
from spurgen.generators.ladder.world import make_world as make_ladder
from spurgen.generators.ladder.world import sample_part
from spurgen.generators.world import make_world
from spurgen.harness.splits import private
from spurgen.harness.splits.private import (
    check_revealed,
    commit,
    commitments_file,
    holds_open_secret,
    open_secret,
    private_scenario,
    read_commitments,
    reveal,
)

SECRET = "5" * 64


def quiet(_):
    """Show no progress."""


@pytest.fixture
def committed(suite, tmp_path):
    """The suite, the secret's file and the commitment."""
    file = tmp_path / "elsewhere" / "secret"
    return suite, file, commit(suite, file, quiet)


def test_a_private_world_shares_the_alignment_and_no_sample(suite):
    public = suite.scenario("small")
    hidden = private_scenario(public, SECRET)
    for name in public.channels:
        np.testing.assert_array_equal(aligned_values(hidden, name), aligned_values(public, name))
        conflicting = make_world(hidden).conflicting[name]
        assert not (conflicting[:, :, None] == make_world(hidden).aligned[name][:, None, :]).any()
    ours, theirs = (sample(world, "test", range(60)) for world in (public, hidden))
    np.testing.assert_array_equal(ours.group_ids, theirs.group_ids)  # the same design
    assert not set(ours.captions) & set(theirs.captions)
    assert len({private_scenario(public, SECRET).seed, private_scenario(public, "6" * 64).seed, public.seed}) == 3
    assert private_scenario(public.model_copy(update={"name": "other"}), SECRET).seed != hidden.seed
    assert not {i.tobytes() for i in ours.images} & {i.tobytes() for i in theirs.images}


def test_a_private_ladder_has_the_same_things_and_values_by_class_and_no_scene(ladder_suite):
    public = ladder_suite.scenario("few-w1")
    hidden = private_scenario(public, SECRET)
    ours, theirs = (sample_part(world, "test/mislead", range(60)) for world in (public, hidden))
    np.testing.assert_array_equal(ours.group_ids, theirs.group_ids)
    assert not {i.tobytes() for i in ours.images} & {i.tobytes() for i in theirs.images}
    worlds = [make_ladder(world) for world in (public, hidden)]
    for name in public.shortcuts:
        np.testing.assert_array_equal(worlds[0].looks[name], worlds[1].looks[name])
    for pool, members in worlds[0].pools.items():
        assert [m.tolist() for m in members] == [m.tolist() for m in worlds[1].pools[pool]]


@pytest.mark.parametrize("which", ["steps", "ladder_file"])
def test_ladders_are_committed_to_as_their_tasks_show_them(which, request, tmp_path, monkeypatch):
    """One of captions, which has no images to draw, and one of both."""
    suite = load_suite(request.getfixturevalue(which))
    monkeypatch.setattr(private, "commitments_file", lambda _: tmp_path / "private.json")
    first = commit(suite, tmp_path / "secret", quiet)
    revealed = reveal(suite, tmp_path / "secret")
    assert revealed.data_sha256 == first.data_sha256
    assert check_revealed(suite, revealed, quiet) is None
    assert "other data" in check_revealed(suite, revealed.model_copy(update={"data_sha256": "0" * 64}), quiet)


def test_only_the_owner_can_read_the_secret_and_only_digests_are_published(committed):
    suite, file, commitment = committed
    secret = file.read_text()
    assert len(secret) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    published = commitments_file(suite).read_text()
    assert secret not in published
    assert str(private_scenario(suite.scenario("small"), secret).seed) not in published
    assert json.loads(published) == [commitment.model_dump()]
    assert open_secret(suite, file) == (secret, commitment)


def test_a_revealed_secret_can_be_checked_without_the_file(committed):
    suite, file, _ = committed
    revealed = reveal(suite, file)
    assert revealed.revealed == file.read_text()
    assert not holds_open_secret(suite, file)  # which is no secret any more
    assert read_commitments(suite) == [revealed]
    assert check_revealed(suite, revealed, quiet) is None
    forged = revealed.model_copy(update={"revealed": SECRET})
    assert "the revealed secret is not the one committed to" in check_revealed(suite, forged, quiet)
    other = revealed.model_copy(update={"data_sha256": "0" * 64})
    assert "gives other data than those committed to" in check_revealed(suite, other, quiet)
    with pytest.raises(SpurgenError, match="has no open commitment; run spurgen splits commit"):
        open_secret(suite, file)


def test_a_second_commitment_needs_the_first_revealed_and_another_file(committed, tmp_path):
    suite, file, _ = committed
    with pytest.raises(SpurgenError, match="commitment 1 of suite tiny is open; reveal it first"):
        commit(suite, tmp_path / "second", quiet)
    reveal(suite, file)
    with pytest.raises(SpurgenError, match="secret exists; move it away"):
        commit(suite, file, quiet)
    assert commit(suite, tmp_path / "second", quiet).number == 2
    assert [commitment.number for commitment in read_commitments(suite)] == [1, 2]


def test_a_secret_in_a_repository_is_refused_and_nothing_is_written(suite, tmp_path):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    for file in (tmp_path / "repository" / "deep" / "secret", private.HOME / "benchmark" / "secret"):
        with pytest.raises(SpurgenError, match="which is published; keep the secret elsewhere"):
            commit(suite, file, quiet)
        assert not file.exists()
    assert not commitments_file(suite).exists()


def replace_by_fifo(file):
    file.unlink()
    os.mkfifo(file, 0o600)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.chmod(0o644), r"has mode 644, so others can read the secret; run chmod 600 .*"),
        (lambda file: file.write_text(SECRET), "does not hold the secret of commitment 1 of suite tiny"),
        (lambda file: file.unlink(), r"cannot read the secret .*; name its file with --secret"),
        (replace_by_fifo, r"cannot read the secret .*: it is a FIFO; .*name its file with --secret"),
    ],
)
def test_a_file_that_cannot_be_the_secrets_is_refused(committed, change, message):
    suite, file, _ = committed
    change(file)
    with pytest.raises(SpurgenError, match=message):
        open_secret(suite, file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot read the commitments .*: Expecting property name"),
        ('{"a": 1, "a": 2}', "the key 'a' occurs twice"),
        ("3", r"is damaged: Input should be a valid list \(got 3\)"),
        ('[{"number": 1}]', "is damaged: 0.committed: this key is missing; add it; 0.secret_sha256.*restore it from v"),
    ],
)
def test_what_is_wrong_with_the_commitments_is_one_line(suite, content, message):
    commitments_file(suite).write_text(content)
    with pytest.raises(SpurgenError, match=message) as caught:
        read_commitments(suite)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["{}\n", '{{"secret": "{}"}}', "x" * 4_000_000 + " {} ", "\0\xff{}\0"])
def test_a_secret_is_recognised_among_whatever_else_a_file_holds(committed, tmp_path, content):
    suite, file, _ = committed
    for secret in (file.read_text(), file.read_text().upper()):
        (tmp_path / "notes").write_text(content.format(secret))
        assert holds_open_secret(suite, tmp_path / "notes")
        (tmp_path / "notes").write_text(content.format(SECRET))
        assert not holds_open_secret(suite, tmp_path / "notes")
