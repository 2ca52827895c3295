"""Answers to a task's questions as results, which say that no consistency check was possible."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import ANSWERS_ONLY, Provenance, Result, SampleArrays, round_samples
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Rung, Task
from spurgen.generators import Samples, sample
from spurgen.harness.evaluation.columns import LOGITS
from spurgen.harness.evaluation.tables import check, logits, read_file, read_header, texts
from spurgen.harness.exports.worlds import classes_of
from spurgen.harness.machine.printing import listed
from spurgen.harness.machine.provenance import environment, now
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.questions.keys import Part, keys_of, parts_of
from spurgen.harness.results.answered import factors as factors_of
from spurgen.harness.results.identity import job_identity
from spurgen.harness.results.rows import Row
from spurgen.harness.running.query import Answers
from spurgen.harness.running.scoring import Scores, score
from spurgen.harness.running.task_data import CALIBRATION, Block, Key
from spurgen.harness.sandbox.answers import LARGEST, SMALLEST

SURE = 10.0
"""Logit of a predicted class over the others, where answers have no scores; the temperature rescales it."""
Scored = list[tuple[Result, SampleArrays]]
KEY, PREDICTION, RUN = "key", "prediction", "run"
RUNS = 100  # in one file


class Answered(NamedTuple):
    """A task's answers in one world: the seed that they count as, and the logits of every key."""

    seed: int
    logits: Mapping[str, Float64]


def read_answers(paths: Sequence[Path], task: Task) -> list[Answered]:
    """Read answers to a task's questions, of one or several worlds.

    A scenario of one world may be answered by several runs, whose numbers are in the column `run`. Raise `SpurgenError`
    for a key that is not of the task, occurs twice, or is missing, and for scores that are not finite.
    """
    tables = [_read(path, task) for path in paths]
    answers: dict[tuple[int, str], Float64] = {}
    for path, keys, runs, scores in tables:
        for key, run, row in zip(keys, runs, scores, strict=True):
            if (run, key) in answers:
                raise SpurgenError(f"{path}: key {key} has been answered before; give every answer once, or add {RUN}")
            answers[run, key] = row
    if task.scenario.worlds > 1:
        return _by_world(task, {key: row for (_, key), row in answers.items()}, len(answers))
    wanted = _wanted(task)
    by_run: dict[int, dict[str, Float64]] = {}
    for (run, key), row in answers.items():
        by_run.setdefault(run, {})[key] = row
    _check_known({key for _, key in answers}, wanted, task)
    for run, row in sorted(by_run.items()):
        _check_complete(row, wanted, f"run {run}")
    return [Answered(run, row) for run, row in sorted(by_run.items())]


def _by_world(task: Task, answers: dict[str, Float64], count: int) -> list[Answered]:
    if len(answers) < count:
        raise SpurgenError(f"task {task.name} has several worlds, which are its runs: leave the column {RUN} out")
    wanted = [_wanted(task.in_world(seed)) for seed in range(task.scenario.worlds)]
    _check_known(set(answers), set().union(*wanted), task)
    made = []
    for seed, (world, keys) in enumerate(zip(task.worlds, wanted, strict=True)):
        here = {key: answers[key] for key in keys & answers.keys()}
        if here:
            _check_complete(here, keys, f"world {seed} ({world.name})")
            made.append(Answered(seed, here))
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


def _read(path: Path, task: Task) -> tuple[Path, list[str], list[int], Float64]:
    """Return the keys, runs and logits, float64 (n, K), of a table."""
    header = read_header(path).columns
    if KEY not in header:
        raise SpurgenError(f"{path} has no column {KEY}, only {listed([*map(str, header)])}")
    questions = sum(len(part.indices) for world in task.worlds for part in parts_of(replace(task, scenario=world)))
    rows = questions * (RUNS if RUN in header else 1) + 1  # one more, whose key has been answered, is named
    table = read_file(path, lambda name: name in (KEY, RUN, PREDICTION) or name.startswith(LOGITS), rows)
    runs = [0] * len(table)
    if RUN in table:
        numbers = texts(path, table, RUN)
        check(path, table, RUN, numbers.str.fullmatch(r"\d{1,9}"), "is no whole number")
        runs = [int(number) for number in numbers]
    names = classes_of(task.scenario)
    if any(column.startswith(LOGITS) for column in table.columns):
        scores = logits(path, table, LOGITS, names)
        small = (np.abs(scores) <= LARGEST).all(axis=1)
        check(path, table, KEY, small, f"has a logit above {LARGEST:g} in magnitude, which a submission may not return")
        return path, list(texts(path, table, KEY)), runs, np.where(np.abs(scores) < SMALLEST, 0.0, scores)
    if PREDICTION not in table:
        raise SpurgenError(f"{path} has neither {LOGITS}0 to {LOGITS}{len(names) - 1} nor {PREDICTION}")
    return path, list(texts(path, table, KEY)), runs, SURE * np.eye(len(names))[_classes(path, table, names)]


def _classes(path: Path, table: pd.DataFrame, names: Sequence[str]) -> Int64:
    entries = texts(path, table, PREDICTION)
    codes = {str(k): k for k in range(len(names))} | {name: k for k, name in enumerate(names)}
    check(path, table, PREDICTION, entries.isin(codes), f"is no class of {', '.join(names)}, nor its number")
    return np.array([codes[entry] for entry in entries], dtype=np.int64)


def digest_of(answered: Sequence[Answered]) -> str:
    """Return the SHA-256 of answers, whatever their order and format."""
    digest = hashlib.sha256()
    for seed, rows in answered:
        for key in sorted(rows):
            digest.update(f"{seed}/{key}".encode() + np.asarray(rows[key], "<f8").tobytes())
    return digest.hexdigest()


def results_of(
    suite: Suite, task: Task, answered: Sequence[Answered], name: str, access: str, files: str = "answers"
) -> Scored:
    """Score answers; return a result per world or run, with its per-sample arrays as they are stored.

    `name` is what the row is called, and all that makes answers to several tasks one row; `access` is the tier that the
    model's training used. Raise `SpurgenError`, which names the `files`, for scores that are too large.
    """
    submission, data = hashlib.sha256(f"answers/{name}".encode()).hexdigest(), suite.data_digest(task)
    made = []
    for seed, rows in answered:
        digest = digest_of([Answered(seed, rows)])
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

    Raise `SpurgenError` if it has other answers of one of their worlds or runs, or says another access tier.
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
    blocks: dict[Key, list[Float64]] = {}
    for part in parts_of(task):
        blocks.setdefault(part.block, []).append(_stack(task, part, rows))
    joined = {block: np.concatenate(pieces) for block, pieces in blocks.items()}
    if isinstance(task, Rung):
        factors: dict[Key, Samples] = {part: factors_of(task.ladder, str(part)) for part in joined}
    else:
        shown: dict[Key, str] = {CALIBRATION: task.scenario.calibrated_on, Block(): "test"}
        factors = {key: sample(task.scenario, split, range(len(joined[key])), images=False, captions=False)
                   for key, split in shown.items()}  # fmt: skip
    return score(task, Answers(joined, factors), source)


def _stack(task: Task, part: Part, rows: Mapping[str, Float64]) -> Float64:
    return np.stack([rows[key] for key in keys_of(task, part)])
