"""Errors and warnings about an experiment that are known before any work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from spurgen.benchmark.contract import ACCESS, Modality
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.specs import BASELINES, is_baseline
from spurgen.benchmark.suggest import is_word, one_of
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import pictograms
from spurgen.generators.world import world_of
from spurgen.harness.results.store import label_of
from spurgen.harness.running.plan import baseline_specs
from spurgen.harness.running.query import check_offer
from spurgen.harness.sandbox.process import Worker

if TYPE_CHECKING:  # imports torch
    from spurgen.baselines.training.method import Baseline

SHARED = {"feature_dim": "feature_dim", "batch_size": "batch_size", "num_epochs": "epochs", "lr": "lr"}
"""Flags that go to every baseline, and the option that each sets."""
WEIGHTS = {
    "irm_lambda": ("irm", "penalty_weight"),
    "adv_lambda": ("adversarial", "adversary_weight"),
    "cont_lambda": ("contrastive", "contrastive_weight"),
}
"""Flags that go to one baseline: its name and its option."""
Flags = Mapping[str, float | None]
"""Values of the flags in `SHARED` and `WEIGHTS`, None or absent where a weight is the method's own."""


@dataclass(frozen=True)
class Method:
    """A method of an experiment: its name, where its code is, and its options."""

    name: str
    spec: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def baseline(self) -> "Baseline[Any] | None":
        """The baseline, or None for any other submission."""
        return _baselines().get(self.name) if is_baseline(self.spec) else None


def _baselines() -> "dict[str, Baseline[Any]]":
    return {name: module.submission for name, module in discover(BASELINES).items()}


def find_methods(names: Sequence[str], flags: Flags) -> tuple[Method, ...]:
    """Return the methods, each once, the baselines among them with the options that the flags set.

    Raise `SpurgenError` for a name that is neither a baseline nor a path or module, and for a value out of range.
    """
    known = _baselines()
    for flag, (owner, option) in WEIGHTS.items():  # even if that method does not run
        _check(flag, known[owner], option, flags.get(flag))
    methods: dict[str, Method] = {}
    for name in dict.fromkeys(names):
        if name not in known and is_word(name):
            one_of("method", name, known)
        spec = baseline_specs([name])[0]
        method = Method(label_of(spec, {}), spec, _options(known[name], flags) if name in known else {})
        if method.name in methods:
            raise SpurgenError(f"--methods: {name} and {methods[method.name].spec} are both called {method.name}")
        methods[method.name] = method
    return tuple(methods.values())


def _options(baseline: "Baseline[Any]", flags: Flags) -> dict[str, Any]:
    """Return the options that the flags set in a baseline."""
    for flag, option in SHARED.items():
        _check(flag, baseline, option, flags[flag])
    own = {option: flags.get(flag) for flag, (owner, option) in WEIGHTS.items() if owner == baseline.NAME}
    return {option: flags[flag] for flag, option in SHARED.items()} | {k: v for k, v in own.items() if v is not None}


def _check(flag: str, baseline: "Baseline[Any]", option: str, value: float | None) -> None:
    """Raise `SpurgenError` that names the flag if a baseline does not take its value."""
    if value is not None:
        try:
            baseline.with_options(**{option: value})
        except SubmissionError as error:
            raise SpurgenError(f"{spelled(flag)} {value}: {error}") from None


def spelled(flag: str) -> str:
    """Return a flag as the help spells it, `--num-epochs` for `num_epochs`."""
    return f"--{flag.replace('_', '-')}"


def unused_flags(methods: Sequence[Method], flags: Flags) -> list[str]:
    """Return a message per flag that has no effect, that switches its method off, or that a method does not read."""
    names = {method.name for method in methods}
    weights = {flag: owner for flag, (owner, _) in WEIGHTS.items() if flags.get(flag) is not None}
    ignored = "--feature-dim, --batch-size, --num-epochs and --lr have no effect on it"
    return [
        *(f"{spelled(flag)} has no effect: {owner} is not among the methods" for flag, owner in weights.items()
          if owner not in names),
        *(f"{spelled(flag)} 0 removes all that distinguishes {owner} from erm" for flag, owner in weights.items()
          if owner in names and flags[flag] == 0),
        *(f"{method.name} is not a baseline: {ignored}" for method in methods if not is_baseline(method.spec)),
    ]  # fmt: skip


def empty_groups(task: Task, methods: Sequence[Method]) -> list[str]:
    """Return a message for train and for val if groups are empty in it and baselines use the groups of that split."""
    access = {method.name: ACCESS[method.baseline.ACCESS] for method in methods if method.baseline}
    readers = {
        "train": [name for name, tier in access.items() if tier.train_groups],
        "val": [name for name, tier in access.items() if tier.val_groups],
    }
    messages = []
    for split, names in readers.items():
        if not names:
            continue
        world = world_of(task.scenario)
        empty = task.num_groups - len(np.unique(world.groups(task.channels, world.factors(split))))
        if empty:
            messages.append(
                f"{split} has no sample in {empty} of {task.num_groups} groups, which {', '.join(names)} cannot take "
                "into account; unless this is intended, add samples or lower the channels' strength"
            )
    return messages


def check_task(task: Task, methods: Sequence[Method], batch_size: int) -> None:
    """Raise `SpurgenError` if a method cannot run on a task, or its batches cannot be filled."""
    scenario = pictograms(task.scenario)
    if not task.channels:
        carried = ", ".join(m for m in get_args(Modality) if scenario.channels_in(m)) or "none"
        what = f"scenario {scenario.name} has no channel, hence no groups, in modality {task.modality}"
        raise SpurgenError(f"--modality {task.modality}: {what}; modalities with channels: {carried}")
    if batch_size > scenario.splits.train:
        raise SpurgenError(
            f"--batch-size {batch_size}: larger than the train split, {scenario.splits.train} samples; "
            "choose a smaller one, or more train samples (--num-samples, or train of the scenario's [splits])"
        )
    for method in methods:
        if lacks_environments(task, method):
            raise SpurgenError(
                f"--methods {method.name}: needs two or more environments, but scenario {scenario.name} has "
                f"{len(scenario.environments)}; add [[environments]] with different strengths, or leave it out"
            )


def lacks_environments(task: Task, method: Method) -> bool:
    """Return whether a method compares environments and the scenario has fewer than two."""
    access = ACCESS[_access(task, method)]
    return access.env_ids and not access.train_groups and len(pictograms(task.scenario).environments) < 2


def _access(task: Task, method: Method) -> str:
    """Return a method's access tier; raise `SubmissionError` if it does not take the task's modality."""
    if method.baseline is None:
        with Worker(method.spec, method.options, task.name) as worker:  # submitted code must not run in this process
            check_offer(worker, task)
            return worker.about.access
    if task.modality not in method.baseline.MODALITIES:
        takes = ", ".join(sorted(method.baseline.MODALITIES))
        raise SubmissionError(f"--methods {method.name}: takes {takes}, not {task.modality}; leave it out")
    return method.baseline.ACCESS
