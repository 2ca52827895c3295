"""What can be wrong with an experiment, found before any work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.scenario import Modality
from spurgen.benchmark.specs import BASELINES, is_baseline
from spurgen.benchmark.suggest import is_word, one_of
from spurgen.benchmark.suite import Task
from spurgen.generators import sample
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.results.store import label_of
from spurgen.harness.running.plan import baseline_specs
from spurgen.harness.running.query import PROBED, check_offer
from spurgen.harness.running.task_data import task_groups
from spurgen.harness.sandbox.process import Worker

SHARED = {"feature_dim": "feature_dim", "batch_size": "batch_size", "num_epochs": "epochs", "lr": "lr"}
"""Flags that go to every baseline, and the option that each sets."""
WEIGHTS = {
    "irm_lambda": ("irm", "penalty_weight"),
    "adv_lambda": ("adversarial", "adversary_weight"),
    "cont_lambda": ("contrastive", "contrastive_weight"),
}
"""Flags that go to one baseline: its name and its option."""


@dataclass(frozen=True)
class Method:
    """Names a method of an experiment, where its code is, and its options."""

    name: str
    spec: str
    options: dict[str, Any] = field(default_factory=dict)


def find_methods(names: Sequence[str], flags: Mapping[str, Any]) -> tuple[Method, ...]:
    """Finds the methods, each once, with the options that the flags set; what is no baseline takes none.

    `flags` has the flags of `SHARED`, and of `WEIGHTS` those that were given. Raises `SpurgenError`
    for a name that is neither a baseline nor a path or module, and for a value out of range.
    """
    known = discover(BASELINES)
    _check_weights(known, flags)
    found: dict[str, Method] = {}
    for name in dict.fromkeys(names):
        if name not in known and is_word(name):
            one_of("method", name, known)
        spec = baseline_specs([name])[0]
        method = Method(label_of(spec, {}), spec, _options(name, known, flags) if name in known else {})
        if method.name in found:
            raise SpurgenError(f"--methods: {name} and {found[method.name].spec} are both called {method.name}")
        found[method.name] = method
    return tuple(found.values())


def _options(name: str, known: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Collects the options that the flags set in a baseline, each checked by the baseline itself."""
    options = {}
    for flag, option in SHARED.items():
        options[option] = _checked(flag, known[name], option, flags[flag])
    for flag, (owner, option) in WEIGHTS.items():
        if owner == name and flags.get(flag) is not None:
            options[option] = flags[flag]
    return options


def _check_weights(known: Mapping[str, Any], flags: Mapping[str, Any]) -> None:
    """Checks the given weights even where their method is not among those that run."""
    for flag, (owner, option) in WEIGHTS.items():
        if flags.get(flag) is not None:
            _checked(flag, known[owner], option, flags[flag])


def _checked(flag: str, module: Any, option: str, value: object) -> object:  # noqa: ANN401  # a baseline's module
    try:
        module.submission.with_options(**{option: value})
    except SubmissionError as error:
        raise SpurgenError(f"--{flag} {value}: {error}") from None
    return value


def unused_flags(methods: Sequence[Method], flags: Mapping[str, Any]) -> list[str]:
    """Lists the flags that change nothing, since their method does not run or reads none, or leave nothing of it."""
    names = {method.name for method in methods}
    given = {flag: owner for flag, (owner, _) in WEIGHTS.items() if flags.get(flag) is not None}
    idle = "--feature_dim, --batch_size, --num_epochs and --lr change nothing in it"
    return [
        *(f"--{flag} has no effect: {owner} is not among the methods" for flag, owner in given.items()
          if owner not in names),
        *(f"--{flag} 0 switches off what makes {owner} another method than erm" for flag, owner in given.items()
          if owner in names and flags[flag] == 0),
        *(f"{method.name} is no baseline: {idle}" for method in methods if not is_baseline(method.spec)),
    ]  # fmt: skip


def empty_groups(task: Task, methods: Sequence[Method]) -> list[str]:
    """Says of which groups train or val hold no sample, where baselines are given the groups of that split."""
    known = discover(BASELINES)
    own = {m.name: known[m.name].submission for m in methods if is_baseline(m.spec) and m.name in known}
    tiers = {name: str(submission.ACCESS) for name, submission in own.items()}
    given = {
        "train": [name for name, tier in tiers.items() if ACCESS[tier].train_groups],
        "val": [name for name, tier in tiers.items() if ACCESS[tier].val_groups],
    }
    told = []
    for split, names in given.items():
        if not names:
            continue
        drawn = sample(task.scenario, split, range(task.scenario.split_size(split)), images=False, captions=False)
        empty = task.num_groups - len(np.unique(task_groups(task, drawn.group_ids)))
        if empty:
            told.append(
                f"{split} has no sample in {empty} of {task.num_groups} groups, so {', '.join(names)} cannot know of "
                f"them; give it more samples or channels less strength, unless that is what you mean to try"
            )
    return told


def check_task(task: Task, methods: Sequence[Method], batch_size: int) -> None:
    """Raises `SpurgenError` if a method cannot run on a task, or its batches cannot be filled."""
    scenario = task.scenario
    if not task.channels:
        carried = ", ".join(m for m in get_args(Modality) if scenario.channels_in(m)) or "none"
        what = f"scenario {scenario.name} has no channel, hence no groups, in modality {task.modality}"
        raise SpurgenError(f"--modality {task.modality}: {what}; those with one: {carried}")
    if batch_size > scenario.splits.train:
        raise SpurgenError(
            f"--batch_size {batch_size}: larger than the train split, {scenario.splits.train} samples; "
            "choose a smaller one, or more train samples (--num_samples, or train of the scenario's [splits])"
        )
    _check_groups(task)
    for method in methods:
        access = _offer(task, method)
        if ACCESS[access].env_ids and not ACCESS[access].train_groups and len(scenario.environments) < 2:
            raise SpurgenError(
                f"--methods {method.name}: needs two or more environments, but scenario {scenario.name} has "
                f"{len(scenario.environments)}; add [[environments]] with different strengths, or leave it out"
            )


def _check_groups(task: Task) -> None:
    """Raises `SpurgenError` if the test samples whose features are probed cannot hold every group."""
    scenario = task.scenario
    asked = min(2 * PROBED, scenario.num_test)
    judged = sample(scenario, "test", range(asked // 2, asked), images=False, captions=False)
    held = len(np.unique(task_groups(task, judged.group_ids)))
    if held < task.num_groups:
        what = f"scenario {scenario.name} has {task.num_groups} groups in modality {task.modality}, of which the "
        few = scenario.splits.test_per_group < 2
        advice = "give test_per_group 2 or more" if few else "take fewer channels or classes"
        raise SpurgenError(f"{what}{asked - asked // 2} test samples that judge features hold {held}; {advice}")


def _offer(task: Task, method: Method) -> str:
    """Returns a method's access tier; raises `SubmissionError` if it does not take the task's modality."""
    module = discover(BASELINES).get(method.name)
    if module is None or method.spec != baseline_specs([method.name])[0]:
        with Worker(method.spec, method.options, task.name) as worker:  # a stranger's code, so not in this process
            check_offer(worker, task)
            return str(worker.about["access"])
    if task.modality not in module.submission.MODALITIES:
        taken = ", ".join(sorted(module.submission.MODALITIES))
        raise SubmissionError(f"--methods {method.name}: takes {taken}, not {task.modality}; leave it out")
    return str(module.submission.ACCESS)


def find_device(gpu: int | None) -> str:
    """Resolves `--gpu`: a GPU's number, -1 for the CPU, None for the first GPU there is, if any."""
    if gpu is None:
        return pick_device("auto")
    try:
        return "cpu" if gpu == -1 else pick_device(f"cuda:{gpu}")
    except SpurgenError as error:
        raise SpurgenError(f"--gpu {gpu}: {error}; the CPU is --gpu -1") from None
