"""Run hostile and honest submissions in the sandbox and report the outcome of each: `make attacks`.

A file in `hostile`, and `honest.py`, has several: each is what stands above the first line `# %% NAME`, and what
follows such a line. A comment there says what the submission does, and a line `# expected: ...` its outcome.
"""

import hashlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.manifest import dump_manifest
from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import load_suite
from spurgen.generators.world import FITTED, world_of
from spurgen.harness.board.leaderboard import build
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.options.printing import renew
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.running.plan import plan
from spurgen.harness.running.run import Outcome as RunOutcome
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import MIB, Limits
from spurgen.harness.splits.frozen import freeze

FOLDER = Path(__file__).parent
TASK = "attacked"
FALLS = 0.2  # accuracy if misled that labels known by heart are worth at least
BOMB = b"""cbuiltins
exec
(S"import contextlib, pathlib\\nwith contextlib.suppress(OSError):\\n    pathlib.Path('pwned').touch()"
tR."""
BEGIN, END = "<!-- attacks: begin -->", "<!-- attacks: end -->"
LIMITS = Limits(
    isolation="bubblewrap", memory_bytes=3072 * MIB, disk_bytes=64 * MIB, printed_bytes=MIB, cpu_seconds=30,
    fit_seconds=600.0, answer_seconds=60.0,
)  # fmt: skip
CHANGES = {
    "burns_time": {"cpu_seconds": 2}, "fills_memory": {"memory_bytes": 1024 * MIB}, "hangs": {"answer_seconds": 5.0},
    "remembers_in_names": {"forget_pages": True}, "remembers_in_the_page_cache": {"forget_pages": True},
    "sleeps_while_training": {"retrain_seconds": 1.0},
    "trains_long_and_learns_from_questions": {"retrain_seconds": 1.0},
}  # fmt: skip
SCENARIO = """
suite = "attacks"
name = "attacked"
seed = {seed}
alignment_seed = 5
num_classes = 3
image_size = 32
[channels]
color = {{ values = 3, strength = 0.8 }}
background = {{ values = 3, strength = 0.6 }}
[splits]
train = 300
val = 150
test_per_group = 25
calibration_per_group = 10
twins = 40
"""


class Attack(NamedTuple):
    """A submission: `hostile` or `honest`, its name, what it does, its expected status and reason, and its code."""

    kind: str
    name: str
    does: str
    status: str
    reason: str
    code: str

    def write(self, folder: Path) -> Path:
        """Write it to a file of its own, beside what submissions import and load; return its path."""
        for shared in ("color.py", "families.py", "loot.py"):
            shutil.copy(FOLDER / shared, folder)
        (folder / "bomb.pkl").write_bytes(BOMB)
        file = folder / f"{self.name}.py"
        file.write_text(self.code)
        return file


class Outcome(NamedTuple):
    """The outcome of a submission: `refused`, `failed`, `unranked` or `ranked`, and why.

    `result` is None for a refused submission, which never ran.
    """

    status: str
    reason: str
    result: Result | None


def make_suite(folder: Path, seed: int = 5) -> str:
    """Freeze a tiny suite in an empty folder and return its path."""
    (folder / "attacks").mkdir()
    (folder / "attacks" / "attacked.toml").write_text(SCENARIO.format(seed=seed))
    path = folder / "attacks.toml"
    path.write_text(f'[tasks]\n{TASK} = {{ scenario = "attacked", modality = "multimodal" }}\n')
    suite = load_suite(str(path))
    suite.manifest_file.write_text(dump_manifest(freeze(suite, jobs=1)))
    return str(path)


def read(file: Path) -> Iterator[Attack]:
    """Yield the submissions of a file."""
    shared, *sections = re.split(r"^# %% ", file.read_text(), flags=re.MULTILINE)
    for section in sections:
        found = re.match(r"(\w+)\n# (.+)\n# expected: (\w+)(?:: (.+))?\n", section)
        assert found is not None, (
            f"{file}, after `# %% {section.splitlines()[0]}`: two comments, `expected: ...` second"
        )
        name, does, status, reason = found.groups(default="")
        kind = "honest" if file.stem == "honest" else "hostile"
        yield Attack(kind, name, does, status, reason, shared + section[found.end() :])


def submissions() -> dict[str, Attack]:
    """Return the hostile submissions, then the honest ones, by name."""
    files = [*sorted((FOLDER / "hostile").glob("*.py")), FOLDER / "honest.py"]
    attacks = [attack for file in files for attack in read(file)]
    return {attack.name: attack for attack in sorted(attacks, key=lambda one: (one.kind == "honest", one.name))}


def write_answers(suite_file: str, file: Path) -> None:
    """Write the label of every caption that is asked about by its digest; anybody can, with the public generator."""
    scenario = load_suite(suite_file).task(TASK).scenario
    parts = {part: size for part, size in scenario.parts.items() if part not in FITTED}
    drawn = [world_of(scenario).draw(part, range(size), ("caption",)) for part, size in parts.items()]
    table = {
        hashlib.sha256(caption.encode()).hexdigest(): int(label)
        for samples in drawn for caption, label in zip(samples.captions, samples.labels, strict=True)
    }  # fmt: skip
    file.write_text(json.dumps(table))


def attempt(attack: Attack, suite_file: str, known: str = "") -> Outcome:
    """Score and rank a submission, in a folder with the shared files.

    Submissions that are expected to be `undetected` have the labels of a suite, `known`, by default of this one.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = attack.write(Path(folder))
        (Path(folder) / ".spurgen").mkdir()  # a home folder has hidden ones, which may hold secrets
        limits = LIMITS.__class__(**(vars(LIMITS) | CHANGES.get(attack.name, {})))
        try:
            if attack.status == "undetected":
                write_answers(known or suite_file, Path(folder) / "answers.json")
            outcome = run(plan(suite_file, [TASK], [str(file)], [0], limits=limits)[0])
        except SubmissionError as error:
            return Outcome("refused", str(error).removeprefix(f"{file}: "), None)
    return _placed(suite_file, attack.name, outcome)


_attempt_once = cache(attempt)
"""The outcome of a submission that others are compared with."""


def _placed(suite_file: str, label: str, made: RunOutcome) -> Outcome:
    """Return the outcome of a submission that ran: whether the board ranks it."""
    result = made[0]
    if result.error is not None:
        return Outcome("failed", result.error.splitlines()[0].partition(f"task {TASK}: ")[2], result)
    board = build(load_suite(suite_file), {label: {TASK: make_task_row([made])}}).tasks[TASK]
    if board.unranked:
        return Outcome("unranked", str(board.unranked[0]["reason"]), result)
    return Outcome("ranked", "", result)


def _known_by_heart(attack: Attack, outcome: Outcome, suite_file: str) -> str:
    """Return what is wrong unless it is ranked, and far lower on the same world from another seed."""
    if outcome.status != "ranked":
        return f"expected a rank, got {outcome.status}: {outcome.reason}"
    with tempfile.TemporaryDirectory() as folder:
        again = attempt(attack, make_suite(Path(folder), seed=6), suite_file)
    here, there = (one.result.metrics["robust_accuracy"] for one in (outcome, again) if one.result is not None)
    return "" if there < here - FALLS else f"its accuracy if misled is {here:.3f}, with another seed {there:.3f}"


def verdict(attack: Attack, outcome: Outcome, suite_file: str) -> str:
    """Return what is wrong with an outcome, or an empty string if it is the expected one."""
    if attack.status == "undetected":
        return _known_by_heart(attack, outcome, suite_file)
    if outcome.status != attack.status:
        return f"expected {attack.status}, got {outcome.status}: {outcome.reason}"
    if attack.reason.startswith("as "):
        honest = attack.reason.removeprefix("as ")
        results = outcome.result, _attempt_once(submissions()[honest], suite_file).result
        mine, its = (result.metrics for result in results if result is not None)
        different = [name for name in ("wga", "sss", "ig") if abs(its[name] - mine[name]) > 1e-3]
        return f"{', '.join(different)} differ from those of {honest}" if different else ""
    matches = re.search(attack.reason, outcome.reason)
    return "" if matches else f"expected the reason {attack.reason!r}, got {outcome.reason!r}"


def in_words(pattern: str) -> str:
    """Return the pattern of a reason as text: N for a number, dots for whatever comes between."""
    numbered = re.sub(r"(0\\\.)?(\[0-9\]|\\d)\+", "N", pattern)
    return re.sub(r"\\(.)|\.\*", lambda match: match[1] or " ... ", numbered).replace("|", ", or ")


def row(attack: Attack, broken: str) -> dict[str, str]:
    """Return a line of the scorecard, with the expected outcome, which is the same on every run."""
    reason = in_words(attack.reason)
    stated = f"{attack.status}: {reason}" if reason else attack.status
    return {
        "submission": attack.name.replace("_", " "),
        "what it does": attack.does,
        "outcome": (f"**{broken}**" if broken else stated).replace("|", "\\|"),
    }


def scorecard() -> tuple[str, str, bool]:
    """Run all submissions; return a summary, the scorecard as Markdown, and whether all outcomes are as expected."""
    tables: dict[str, list[dict[str, str]]] = {"hostile": [], "honest": []}
    held, undetected, failed = {"hostile": 0, "honest": 0}, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        suite_file = make_suite(Path(folder))
        for name, attack in submissions().items():
            outcome = attempt(attack, suite_file)
            broken = verdict(attack, outcome, suite_file)
            held[attack.kind] += not broken and attack.status != "undetected"
            undetected += attack.status == "undetected"
            failed += bool(broken)
            tables[attack.kind].append(row(attack, broken))
            print(f"{name}: {broken or 'as expected'}", file=sys.stderr, flush=True)
    counts = {kind: f"{held[kind]} of {len(lines)}" for kind, lines in tables.items()}
    summary = (
        f"{counts['hostile']} attacks beaten, {undetected} undetected; {counts['honest']} honest submissions scored."
    )
    texts = [markdown_table(lines) for lines in tables.values()]
    return summary, "\n\n".join(texts), not failed


def main(arguments: list[str]) -> int:
    """Print the scorecard and update it in the named files; return 1 if any outcome is unexpected."""
    summary, tables, passed = scorecard()
    print(f"{summary}\n\n{tables}")
    for name in arguments:
        folded = f"<details>\n<summary>{summary}</summary>\n\n{tables}\n\n</details>"
        renew(Path(name), BEGIN, END, folded)
    return not passed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
