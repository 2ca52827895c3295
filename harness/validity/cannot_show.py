"""What holds for every number below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from matplotlib.figure import Figure

from spurgen.harness.machine.printing import and_list
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity._agreement import CORE, published_medians, task_medians
from spurgen.harness.validity._published import SUBPOPBENCH, comparable_tables
from spurgen.harness.validity._rows import RankedSuite, RankedTask
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import estimated

PLACE = 0
TITLE = "What this report cannot show"
ALL_CLEAR = 0.99  # robust accuracy of an ideal observer whose training data ask for no shortcut
NETWORKS = {
    "scratch": "small networks trained from random weights",
    "imagenet": "ImageNet's EfficientNet-Lite0",
}


@dataclass(frozen=True)
class CannotShow(Section):
    """Sentences, each true of this suite and these rows."""

    JUDGED: ClassVar[bool] = False
    sentences: list[str]

    def summary(self) -> str:
        """Return nothing: the section stands before the summary."""
        return ""

    def tables(self) -> str:
        """Return the sentences as a list."""
        return "\n".join(f"- {sentence}" for sentence in self.sentences)

    def plot(self) -> Figure | None:
        """Return None: there is nothing to draw."""
        return None


def examine(suite: RankedSuite) -> CannotShow:
    """Collect what holds for the suite, its rows and the published numbers."""
    ranked = {name: task for name, task in suite.tasks.items() if task.rows}
    sentences = [
        "Every image and caption is drawn by a program. Whether a method that is better here is better on photographs, "
        "or on text that people wrote, is not tested: no row here is of a model whose task is real data, and agreement "
        "with real data rests on published numbers.",
        *_networks(list(ranked.values())),
        *_units(ranked),
        *_ideals(suite),
        *_agreement(suite),
        *_sources(suite),
    ]
    return CannotShow(None, [], sentences)


def _networks(tasks: Sequence[RankedTask]) -> Iterator[str]:
    backbones = {task.task.backbone for task in tasks}
    used = [words for backbone, words in NETWORKS.items() if backbone in backbones]
    if not used:
        yield "The suite has no ranked rows, so of the methods nothing is shown at all."
        return
    yield (
        f"Every row examined is of one of our own methods on {and_list(used)}. There is no evidence about large "
        "pretrained models, whose features and biases may be others."
    )
    yield (
        "Every method has the number of epochs with which it was tuned, so one that fails here may only be slow. What "
        "more epochs change is measured for ERM alone, by `tools/entry.py` (benchmark/CALIBRATION.md)."
    )


def _units(tasks: dict[str, RankedTask]) -> Iterator[str]:
    single = [name for name, task in tasks.items() if max(map(len, task.rows.values())) == 1]
    alike = [name for name, task in tasks.items() if task.unit == "seed" and name not in single]
    if single:
        yield f"Every row of {_names(single)} has one result, so it is not known how far another training would differ."
    if alike:
        yield (
            f"One world: on {_names(alike)} intervals and tests are over training seeds, and cover no other draw of "
            "alignment and samples."
        )


def _ideals(suite: RankedSuite) -> Iterator[str]:
    ideals = {name: task.ideal() for name, task in suite.main.items()}
    asked = {name: ideal for name, ideal in ideals.items() if ideal is not None and ideal < ALL_CLEAR}
    if asked:
        yield (
            f"The training data of {_names(asked)} ask for the shortcut in part: the ideal observer's robust accuracy "
            f"is {and_list(sorted({f'{ideal:.2f}' for ideal in asked.values()}))}. That much of a failure is no error "
            "of the learner."
        )
    if None in ideals.values():
        unknown = [name for name, ideal in ideals.items() if ideal is None]
        yield f"What the training data of {_names(unknown)} ask for is not stored: failures are not compared with it."


def _agreement(suite: RankedSuite) -> Iterator[str]:
    tables = comparable_tables(suite.published)
    medians = published_medians(tables, suite.baselines)
    if medians is None:
        return
    yield (
        "Agreement of rankings is dominated by access. One bit, whether a method uses the group labels of train, has a "
        f"median rho of {estimated(medians.of_access)} with {and_list(CORE)}; within access tiers these four agree "
        f"with one another at {estimated(medians.among_within)}."
    )
    rhos = [found.rho for task in suite.main.values() if (found := task_medians(task, tables, suite.baselines))]
    widths = [rho.ends[1] - rho.ends[0] for rho in rhos if isinstance(rho, Estimate)]
    if widths:
        yield (
            "Few methods can be compared: the 95 % intervals of our median rho with these four are "
            f"{_span(widths)} wide."
        )


def _sources(suite: RankedSuite) -> Iterator[str]:
    if any(entry.protocol == SUBPOPBENCH for entry in suite.published):
        yield (
            "SubpopBench's numbers are quoted from Table 2 of the MEDRO paper. As far as its text says, models were "
            "selected on test. We did not have the original."
        )


def _span(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"


def _names(names: Sequence[str] | dict[str, float]) -> str:
    return and_list([as_markdown(name) for name in names])
