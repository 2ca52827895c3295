"""Answers to a task's questions as results, marked as having no consistency check."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import ANSWERS_ONLY, Provenance, Result, SampleArrays, round_samples
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import Samples, sample
from spurgen.harness.evaluation.columns import LOGITS
from spurgen.harness.evaluation.tables import Table, read_header, read_table
from spurgen.harness.exports.worlds import classes_of
from spurgen.harness.machine.printing import listed
from spurgen.harness.machine.provenance import environment, now
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.questions.keys import keys_of, parts_of
from spurgen.harness.results.answered import factors as factors_of
from spurgen.harness.results.identity import job_identity
from spurgen.harness.results.rows import Row
from spurgen.harness.running.query import Answers
from spurgen.harness.running.scoring import Scores, score
from spurgen.harness.running.task_data import CALIBRATION, Block, Key
from spurgen.harness.sandbox.answers import LARGEST, SMALLEST

SURE = 10.0
"""Lead of a predicted class's logit if answers have no scores; the temperature rescales it."""
ByRun = Mapping[int, Mapping[str, Float64]]
"""Logits of every key, by the seed that stands for a world or run."""
Scored = list[tuple[Result, SampleArrays]]
KEY, PREDICTION, RUN = "key", "prediction", "run"


def read_answers(paths: Sequence[Path], task: Task) -> ByRun:
    """Read answers to a task's questions, of one or several worlds.

    A scenario of one world may be answered by several runs, whose numbers are in the column `run`. Raise `SpurgenError`
    for a key that is not of the task, occurs twice, or is missing, and for scores that are not finite.
    """
    by_run: dict[int, dict[str, Float64]] = {}
    for path in paths:
        for key, run, row in zip(*_read(path, task), strict=True):
            if key in by_run.setdefault(run, {}):
                raise SpurgenError(f"{path}: key {key} has been answered before; give every answer once, or add {RUN}")
            by_run[run][key] = row
    if task.scenario.worlds > 1:
        return _by_world(task, by_run)
    wanted = _wanted(task)
    _check_known(set().union(*by_run.values()), wanted, task)
    for run, rows in by_run.items():
        _check_complete(rows, wanted, f"run {run}")
    return dict(sorted(by_run.items()))


def _by_world(task: Task, by_run: Mapping[int, dict[str, Float64]]) -> ByRun:
    answers = {key: row for rows in by_run.values() for key, row in rows.items()}
    if len(answers) < sum(map(len, by_run.values())):
        raise SpurgenError(f"task {task.name} has several worlds, which are its runs: leave the column {RUN} out")
    wanted = [_wanted(task.in_world(seed)) for seed in range(task.scenario.worlds)]
    _check_known(set(answers), set().union(*wanted), task)
    made = {}
    for seed, (world, keys) in enumerate(zip(task.worlds, wanted, strict=True)):
        here = {key: answers[key] for key in keys & answers.keys()}
        if here:
            _check_complete(here, keys, f"world {seed} ({world.name})")
            made[seed] = here
    return made


def _wanted(task: Task) -> set[str]:
    return {key for part in parts_of(task) for key in keys_of(task, part)}


def _check_known(keys: set[str], known: set[str], task: Task) -> None:
    unknown = keys - known
    if unknown:
        keys_are = "1 key is" if len(unknown) == 1 else f"{len(unknown)} keys are"
        other = "no key is of it, so name the task that was answered; or " if not keys & known else ""
        raise SpurgenError(
            f"{keys_are} not of task {task.name}, such as {min(unknown)}; {other}answer what spurgen questions "
            "--task wrote for it"
        )


def _check_complete(answered: Mapping[str, Float64], wanted: set[str], where: str) -> None:
    lacking = wanted - answered.keys()
    if lacking:
        counts = f"{len(lacking)} of {len(wanted)} answers"
        raise SpurgenError(f"{where} lacks {counts}, such as that to {min(lacking)}; answer all questions")


def _read(path: Path, task: Task) -> tuple[list[str], list[int], Float64]:
    """Return the keys, runs and logits, float64 (n, K), of a table."""
    header, names = read_header(path).columns, classes_of(task.scenario)
    if KEY not in header:
        raise SpurgenError(f"{path} has no column {KEY}, only {listed([*map(str, header)])}")
    table = read_table(path, lambda name: name in (KEY, RUN, PREDICTION) or name.startswith(LOGITS))
    runs = [0] * len(table)
    if RUN in table:
        numbers = table.texts(RUN)
        table.check(RUN, numbers.str.fullmatch(r"\d{1,9}"), "is no whole number")
        runs = [int(number) for number in numbers]
    if any(column.startswith(LOGITS) for column in header):
        scores = table.logits(LOGITS, names)
        small = (np.abs(scores) <= LARGEST).all(axis=1)
        table.check(KEY, small, f"has a logit above {LARGEST:g} in magnitude, which a submission may not return")
        return list(table.texts(KEY)), runs, np.where(np.abs(scores) < SMALLEST, 0.0, scores)
    if PREDICTION not in table:
        raise SpurgenError(f"{path} has neither {LOGITS}0 to {LOGITS}{len(names) - 1} nor {PREDICTION}")
    return list(table.texts(KEY)), runs, SURE * np.eye(len(names))[_classes(table, names)]


def _classes(table: Table, names: Sequence[str]) -> Int64:
    entries = table.texts(PREDICTION)
    codes = {str(k): k for k in range(len(names))} | {name: k for k, name in enumerate(names)}
    table.check(PREDICTION, entries.isin(codes), f"is no class of {', '.join(names)}, nor its number")
    return np.array([codes[entry] for entry in entries], dtype=np.int64)


def digest_of(answers: ByRun) -> str:
    """Return the SHA-256 of answers, whatever their order and format."""
    digest = hashlib.sha256()
    for seed, rows in answers.items():
        for key in sorted(rows):
            digest.update(f"{seed}/{key}".encode() + np.asarray(rows[key], "<f8").tobytes())
    return digest.hexdigest()


def results_of(suite: Suite, task: Task, answers: ByRun, name: str, access: str, files: str = "answers") -> Scored:
    """Score answers; return a result per world or run, with its per-sample arrays as they are stored.

    `name` is the row's name, which alone joins answers to several tasks in one row; `access` is the tier that the
    model's training used. Raise `SpurgenError`, which names the `files`, for scores that are too large.
    """
    submission, data = hashlib.sha256(f"answers/{name}".encode()).hexdigest(), suite.data_digest(task)
    made = []
    for seed, rows in answers.items():
        digest = digest_of({seed: rows})
        source = f"{files}, {'world' if task.scenario.worlds > 1 else 'run'} {seed}"
        scores = _score(task.in_world(seed), rows, source)
        options: dict[str, Any] = {}
        result = Result(
            suite=suite.name, task=task.name, spec=f"{name}.answers", submission=name, access=access, options=options,
            seed=seed, identity=job_identity(task, digest, data=data, seed=seed, options=options),
            submission_sha256=submission, data_sha256=data, isolation=ANSWERS_ONLY, verification=ANSWERS_ONLY,
            metrics=scores.metrics,
            channels=scores.channels, groups=scores.groups,
            provenance=Provenance(finished=now(), environment=environment()),
        )  # fmt: skip
        made.append((result, round_samples(scores.samples)))
    return made


def not_stored(results: Scored, row: Row, task: Task) -> Scored:
    """Return the results that a row does not have yet.

    Raise `SpurgenError` if it has other answers for one of their worlds or runs, or another access tier.
    """
    known = {result.seed: result for result in row[task.name].results} if task.name in row else {}
    for result, _ in results:
        old = known.get(result.seed)
        if old and old.identity != result.identity:
            what = f"other answers to {task.name}, {'world' if task.scenario.worlds > 1 else 'run'} {result.seed}"
            raise SpurgenError(f"row {result.submission} has {what}; name another --row, or delete the row's files")
        tiers = {other.access for part in row.values() for other in part.results} - {result.access}
        if tiers:
            tier = tiers.pop()
            raise SpurgenError(f"row {result.submission} says that training used {tier}; add --access {tier}")
    return [(result, samples) for result, samples in results if result.seed not in known]


def _score(task: Task, rows: Mapping[str, Float64], source: str) -> Scores:
    joined: dict[Key, Float64] = {
        part.block: np.stack([rows[key] for key in keys_of(task, part)]) for part in parts_of(task)
    }
    if isinstance(task, Rung):
        factors: dict[Key, Samples] = {part: factors_of(task.ladder, str(part)) for part in joined}
    else:
        shown: dict[Key, str] = {CALIBRATION: task.scenario.calibrated_on, Block(): "test"}
        factors = {key: sample(task.scenario, split, range(len(joined[key])), images=False, captions=False)
                   for key, split in shown.items()}  # fmt: skip
    return score(task, Answers(joined, factors), source)
