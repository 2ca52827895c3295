"""A task's scenario in words, its dials, and which channels conflict."""

from collections.abc import Collection, Iterator, Sequence

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.scenario_tables import Channel, Strength
from spurgen.benchmark.suite import Task
from spurgen.harness.machine.printing import and_list
from spurgen.harness.site.core_cue import core_cue
from spurgen.harness.site.provenance import Fact

ACCURACIES = {
    "val_accuracy": "validation", "val_robust": "worst pattern", "val_wga": "worst group",
    "group_accuracy": "groups inferred",
}  # fmt: skip
"""Reported accuracies, and their names beside their curves."""
WORST = {"val_robust": "alignment pattern", "val_wga": "group"}
BACKBONES = {
    "scratch": "Our methods start from random weights.",
    "imagenet": "Our methods start from ImageNet's EfficientNet-Lite0.",
}


def conflicts(channels: Sequence[str]) -> str:
    """Return that some channels conflict with the class, or that all agree with it."""
    return f"{and_list(list(channels))} conflict{'s' * (len(channels) == 1)}" if channels else "all agree"


def in_words(task: Task) -> list[str]:
    """Return sentences that say what the class is, what the shortcuts are, and what is hidden or noisy."""
    return list(_sentences(task, task.scenario))


def _sentences(task: Task, scenario: Scenario) -> Iterator[str]:
    yield from core_cue(task)
    if task.channels:
        count = len(task.channels)
        shortcuts, they = ("shortcuts go", "They show") if count > 1 else ("shortcut goes", "It shows")
        yield (
            f"{count} {shortcuts} with the class in training: {and_list(list(task.channels))}. {they} the value that "
            f"goes with the class with probability {_probabilities(task, scenario)}."
        )
        yield _test_mix(task)
    hidden = [name for name in task.channels if name not in task.annotated]
    if hidden:
        yield f"Annotations of training do not mention {and_list(hidden)}."
    if scenario.label_noise:
        what = "the pictogram or noun shown is another" if scenario.noise_kind == "core" else "the label is wrong"
        yield f"In {scenario.label_noise:.0%} of the training samples {what}; the test is clean."
    worlds = scenario.worlds
    if worlds > 1:
        yield f"Its {worlds} worlds differ in alignment, samples and initialisation; a result is of one world."
    yield BACKBONES[task.backbone]


def conflicting_share(task: Task) -> float:
    """Return the share of the test in which all of the task's channels conflict with the class."""
    each, on_top = _per_class(task)
    share: float = (each + on_top) / (each * 2 ** len(task.channels) + on_top)
    return share


def _per_class(task: Task) -> tuple[int, int]:
    """Return how many test samples of a class each alignment pattern has, and how many more have all conflict."""
    sizes = task.scenario.splits
    each = sizes.test_per_group * task.scenario.num_patterns // 2 ** len(task.channels)
    return each, sizes.conflicting_per_class


def _test_mix(task: Task) -> str:
    """Return how often the test's shortcuts conflict with the class."""
    patterns, (each, on_top) = 2 ** len(task.channels), _per_class(task)
    more = f", and {on_top:,} more in which all conflict" if on_top else ""
    return (
        f"The test has {each:,} samples of each class for every one of the {patterns} choices of shortcuts that "
        f"conflict with it{more}: all of them conflict in {conflicting_share(task):.0%} of the test, so plain accuracy "
        "depends on this mix."
    )


def curve_name(key: str) -> str:
    """Return what a reported number is called beside its curve."""
    return ACCURACIES.get(key, key.replace("_", " "))


def curves_in_words(task: Task, access: str, names: Collection[str]) -> str:
    """Return how to read the validation curves that a submission of a tier reports; nothing if it reports none."""
    worst = [f"“{curve_name(name)}”" for name in WORST if name in names]
    sentences = []
    if "val_accuracy" in names:
        grant = ACCESS.get(access)  # None for a tier of another version
        balanced = task.scenario.num_balanced_val if grant and grant.balanced_val else 0
        share = (
            f"{1 - balanced / task.scenario.splits.val:.0%} of the validation samples are"
            if balanced
            else "Validation is"
        )
        sentences.append(
            f"{share} drawn as training is, so shortcuts raise “{curve_name('val_accuracy')}”: by itself it shows no "
            "robustness."
        )
    if worst:
        of = " or ".join(WORST[name] for name in WORST if name in names)
        verb = "are" if len(worst) > 1 else "is"
        sentences.append(f"{and_list(worst)} {verb} the lowest validation accuracy of any {of}, which does show it.")
    return " ".join(sentences)


def _probabilities(task: Task, scenario: Scenario) -> str:
    """Return the strengths of a task's channels, by environment with its share where there are several."""
    own = {name: scenario.channels[name].strength for name in task.channels}
    if len(scenario.environments) < 2:
        return _span([each.strength for each in scenario.environments] or [{}], own)
    total, shares = sum(each.weight for each in scenario.environments), dict[str, float]()
    for each in scenario.environments:
        span = _span([each.strength], own)
        shares[span] = shares.get(span, 0.0) + 100 * each.weight / total
    return and_list([f"{span} in {share:.3g}% of the samples" for span, share in shares.items()])


def _span(environments: Sequence[dict[str, Strength]], own: dict[str, Strength]) -> str:
    """Return the least and the largest strength of some channels, `own` where an environment names none."""
    strengths = [given.get(name, strength) for given in environments for name, strength in own.items()]
    each = sorted({round(s, 4) for one in strengths for s in (one if isinstance(one, tuple) else (one,))})
    return f"{each[0]:g}" if len(each) == 1 else f"{each[0]:g} to {each[-1]:g}"


def dials(task: Task) -> list[Fact]:
    """Return the scenario's settings."""
    scenario, sizes = task.scenario, task.scenario.split_sizes
    facts = [
        Fact("Suite and scenario", f"{scenario.suite}, {scenario.name}"),
        Fact("Modality", task.modality),
        Fact("Image size", f"{scenario.image_size} pixels" if task.modality != "text" else ""),
        Fact("Captions", scenario.captions if task.modality != "image" else ""),
        *(Fact(f"Channel {name}", _channel(scenario.channels[name])) for name in task.channels),
        *(
            Fact(f"Environment {each.name}", f"weight {each.weight:g}; {_by_channel(each.strength)}")
            for each in scenario.environments
        ),
        Fact("Label noise", f"{scenario.label_noise:g} ({scenario.noise_kind})" if scenario.label_noise else "none"),
        Fact("Samples", ", ".join(f"{name} {size:,}" for name, size in sizes.items() if size)),
        Fact("Base samples with twins", f"{scenario.splits.twins:,}"),
        Fact("Scenario SHA-256", scenario.digest),
    ]
    return [fact for fact in facts if fact.value]


def _channel(channel: Channel) -> str:
    hidden = ", hidden from training" if channel.hidden else ""
    where = {"image": "in the image", "caption": "in the caption", "both": "in image and caption"}[channel.carrier]
    return f"{channel.values} values of {channel.kind}, {where}, strength {_text(channel.strength)}{hidden}"


def _by_channel(strengths: dict[str, Strength]) -> str:
    return ", ".join(f"{name} {_text(strength)}" for name, strength in strengths.items()) or "as the channels"


def _text(strength: Strength) -> str:
    return " / ".join(f"{each:g}" for each in strength) if isinstance(strength, tuple) else f"{strength:g}"
