"""Private splits: the same worlds, drawn from a secret seed that is committed to now and revealed on retirement.

The SHA-256 of the secret and of the data drawn from it are published, so nobody can change either later. Nobody can
look up labels: a world's seed is 64 bits of the secret's digest, and testing a guess takes making samples.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from spurgen.benchmark.contract import Modality
from spurgen.benchmark.errors import FrozenDataError, MissingError, ReadError, SpurgenError, explain
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.manifest import Sha256
from spurgen.benchmark.reading import open_plain, read_json, read_text
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.results.sources import DATA_BYTES, HOME, SECRETS
from spurgen.harness.splits.freeze import freeze, shown_halves

W = TypeVar("W", Scenario, Ladder)
Secret = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class Commitment(BaseModel):
    """Published record of a secret: digests, and on retirement the secret itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    committed: str
    secret_sha256: Sha256
    data_sha256: Sha256
    revealed: Secret | None = None


COMMITMENTS = TypeAdapter(list[Commitment])
SECRET_BYTES = 1024
SEARCHED_BYTES = 1 << 22
HEX_DIGITS = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def commitments_file(suite: Suite) -> Path:
    """Return the file of a suite's commitments, beside its manifest."""
    return suite.folder / f"{suite.name}.private.json"


def secret_file(suite: Suite) -> Path:
    """Return the secret's default file: in the user's home, never in a repository."""
    return SECRETS.expanduser() / f"{suite.name}.secret"


def read_commitments(suite: Suite) -> list[Commitment]:
    """Read a suite's commitments, the oldest first; raise `SpurgenError` if the file is damaged."""
    file = commitments_file(suite)
    try:
        return COMMITMENTS.validate_python(read_json(file, "the commitments"))
    except MissingError:
        return []
    except ValidationError as error:
        raise FrozenDataError(
            f"{file} is damaged: {explain(error.errors())}; restore it from version control"
        ) from None


def private_scenario(scenario: W, secret: str) -> W:
    """Return a scenario with samples drawn from the secret and the public alignment of values with classes.

    So a model that was trained on the public splits is tested on the world that it knows.
    """
    seed = int.from_bytes(_digest(secret, scenario.suite, scenario.name)[:8], "little")
    return scenario.model_copy(update={"seed": seed, "alignment_seed": scenario.aligning_seed})


def private_suite(suite: Suite, secret: str) -> Suite:
    """Return a suite with all its worlds private, as its tasks show them; see `private_scenario`."""
    modalities: dict[tuple[bool, ...], Modality] = {(True, False): "image", (False, True): "text"}
    tasks = {}
    for name, scenario in suite.scenarios.items():
        modality = modalities.get((*shown_halves(suite, name).values(),), "multimodal")
        tasks[name] = Task(name, private_scenario(scenario, secret), modality)
    return replace(suite, tasks=tasks)


def data_digest(suite: Suite, secret: str, progress: Callable[[int], None], jobs: int | None = None) -> str:
    """Make a suite's private splits, in `jobs` processes, and return the SHA-256 over all of them.

    Raises `FrozenDataError` if a test image or caption occurs in their own train or val.
    """
    manifest = freeze(private_suite(suite, secret), progress, jobs)
    parts = {name: {part: p.digest for part, p in s.parts.items()} for name, s in manifest.scenarios.items()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def commit(suite: Suite, file: Path, progress: Callable[[int], None]) -> Commitment:
    """Draw a secret, write it to a file that only its owner can read, and publish its commitment.

    Raises `SpurgenError` if a commitment is open already, or the file lies where it might be published.
    """
    earlier = read_commitments(suite)
    if earlier and earlier[-1].revealed is None:
        raise SpurgenError(f"commitment {earlier[-1].number} of suite {suite.name} is open; reveal it first")
    _refuse_public(file)
    with suppress(OSError):  # the next line raises an error that names the flag
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_writable(file.parent, "--secret")
    check_writable(suite.folder, "the suite's folder")
    if file.exists():
        raise SpurgenError(f"{file} exists; move it away, or name another file with --secret")
    secret = secrets.token_hex(32)
    commitment = Commitment(
        number=len(earlier) + 1,
        committed=datetime.now(UTC).date().isoformat(),
        secret_sha256=_digest(secret).hex(),
        data_sha256=data_digest(suite, secret, progress),
    )
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(secret)
    try:
        _write(suite, [*earlier, commitment])
    except BaseException:
        file.unlink()
        raise
    return commitment


def open_secret(suite: Suite, file: Path) -> tuple[str, Commitment]:
    """Read the secret of the open commitment; raise `SpurgenError` if there is none, or it has another secret."""
    commitments = read_commitments(suite)
    if not commitments or commitments[-1].revealed is not None:
        raise SpurgenError(f"suite {suite.name} has no open commitment; run {spurgen('splits commit')}")
    try:
        mode = file.stat().st_mode & 0o777
        if mode & 0o077:
            raise SpurgenError(f"{file} has mode {mode:o}, so others can read the secret; run chmod 600 {file}")
        secret = read_text(file, SECRET_BYTES, "the secret").strip()
    except ReadError as error:
        raise SpurgenError(f"{error}; name its file with --secret") from None
    except OSError as error:
        raise SpurgenError(f"cannot read the secret {file}: {error.strerror}; name its file with --secret") from None
    newest = commitments[-1]
    if _digest(secret).hex() != newest.secret_sha256:
        raise SpurgenError(f"{file} does not hold the secret of commitment {newest.number} of suite {suite.name}")
    return secret, newest


def holds_open_secret(suite: Suite, file: Path) -> bool:
    """Return whether a file has the secret of the open commitment anywhere in its first 4 MiB.

    Raises what `read_commitments` raises. An encoded or packed secret is not recognised.
    """
    hidden = {each.secret_sha256 for each in read_commitments(suite) if each.revealed is None}
    if not hidden:
        return False
    with suppress(ReadError), open_plain(file, DATA_BYTES) as content:
        found = HEX_DIGITS.findall(content.read(SEARCHED_BYTES).lower())
        return any(_digest(digits.decode()).hex() in hidden for digits in found)
    return False


def reveal(suite: Suite, file: Path) -> Commitment:
    """Publish the secret of the open commitment, which ends its use; raise what `open_secret` raises."""
    secret, commitment = open_secret(suite, file)
    revealed = commitment.model_copy(update={"revealed": secret})
    _write(suite, [*read_commitments(suite)[:-1], revealed])
    return revealed


def check_revealed(suite: Suite, commitment: Commitment, progress: Callable[[int], None]) -> str | None:
    """Return how a revealed secret or its data differ from what was committed to, or None."""
    assert commitment.revealed is not None
    where = f"commitment {commitment.number} of suite {suite.name}"
    if _digest(commitment.revealed).hex() != commitment.secret_sha256:
        return f"{where}: the revealed secret is not the one committed to"
    if data_digest(suite, commitment.revealed, progress) != commitment.data_sha256:
        return f"{where}: the revealed secret gives other data than those committed to"
    return None


def _write(suite: Suite, commitments: list[Commitment]) -> None:
    text = json.dumps([commitment.model_dump() for commitment in commitments], indent=1)
    write_atomically(commitments_file(suite), text + "\n")


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def _refuse_public(file: Path) -> None:
    """Raise `SpurgenError` for a place from which the secret might be published with the code."""
    place = file.expanduser().resolve().parent
    repositories = [folder for folder in (place, *place.parents) if (folder / ".git").exists()]
    if repositories or place.is_relative_to(HOME):
        raise SpurgenError(
            f"{file} lies in {(repositories or [HOME])[0]}, which is published; keep the secret elsewhere"
        )
