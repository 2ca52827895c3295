"""A page per task: the scenario in words, its scenes and twins, what the data ask for, and every row."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from spurgen.benchmark.suite import Task
from spurgen.generators import TwinKind, class_names, sample
from spurgen.generators.naming import name_shown, second_parts
from spurgen.generators.nuisances import nuisances_in
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.machine.printing import and_list
from spurgen.harness.results.derived import with_total
from spurgen.harness.results.ideal import ideal_in_worlds
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.budgets import budgets
from spurgen.harness.site.charts import curve_series, curves
from spurgen.harness.site.core_cue import nouns
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.material import Material, of_ideal
from spurgen.harness.site.moles import fed, on_task
from spurgen.harness.site.opening import other_value, value_name
from spurgen.harness.site.overview import shown_board
from spurgen.harness.site.pictures import Pictures, Scene, scenes
from spurgen.harness.site.short_names import ALTERNATIVES, short_name
from spurgen.harness.site.words import conflicts, curves_in_words, dials, in_words

SCENES = 12  # of the sheet
CALIBRATION = {
    "robust_accuracy": "Robust accuracy", "wga_corrected": "WGA", "aligned_accuracy": "All channels agree",
    "conflicting_accuracy": "All channels conflict", "reliance": "Largest reliance", "core_use": "Core use",
}  # fmt: skip
SHOWN = {"erm": "ERM", "resample": "resample", "group_dro": "group_dro"}
CONTROLS: dict[TwinKind, tuple[str, str]] = {
    "placebo": ("the rest redrawn", "{nuisances} redrawn; class and shortcuts kept"),
    "ctrl": ("all shortcuts agree", "each shows a value that goes with the class"),
    "unc": ("all shortcuts redrawn", "each shows a random value"),
}


class Pictured(NamedTuple):
    """A scene and what it shows."""

    scene: Scene
    title: str
    about: str


class Calibration(NamedTuple):
    """A line of the calibration table: metrics by name, None where they are not stored."""

    name: str
    metrics: Mapping[str, float | None]
    units: int | None


def task_page(material: Material, pictures: Pictures, figures: Figures, name: str) -> dict[str, object]:
    """Return what the template of a task's page shows."""
    task = material.suite.tasks[name]
    world = task.in_world(0)
    erm = material.baseline(ERM, name)
    trained = [result for result in erm.results if result.error is None] if erm else []
    return {
        "name": name,
        "words": in_words(task),
        "dials": dials(task),
        "classes": class_names(task.scenario),
        "parts": {name: and_list(shown) for name, shown in second_parts(task.scenario).items() if name not in shown},
        "nouns": nouns(task),
        "train": _train(pictures, world),
        "twins": _twins(pictures, world),
        "controls": _controls(pictures, world),
        "calibration": _calibration(material, task),
        "titles": CALIBRATION,
        "waived": list(task.waived.values()),
        "ideals": _ideals(material, task),
        "shown": shown_board(material, figures, name),
        "fed": fed(found) if len(task.annotated) < len(task.channels) and (found := on_task(material, task)) else [],
        "curve": curves(trained),
        "about_curve": curves_in_words(task, "none", curve_series(trained)),
        "budgets": budgets(material, name),
        "unit": material.board.tasks[name].unit,
        "on_index": name in material.first_page,
    }


def _train(pictures: Pictures, task: Task) -> list[Pictured]:
    """Return training scenes, in the order in which training sees them."""
    made = sample(task.scenario, "train", range(SCENES), images=False, captions=False)
    patterns = (made.group_ids % task.scenario.num_patterns).tolist()
    shown = scenes(pictures, task, range(SCENES), split="train")
    return [
        Pictured(scene, _label(task, scene, "train", k), _agreement(task, patterns[k])) for k, scene in enumerate(shown)
    ]


def _label(task: Task, scene: Scene, split: str, index: int) -> str:
    """Return the name of a scene's class: of alternatives, the one that the scene shows, unless labels are noisy."""
    if split == "train" and task.scenario.label_noise:
        return scene.label
    return short_name(task.scenario, scene.label, name_shown(task.scenario, split, index))


def _agreement(task: Task, pattern: int) -> str:
    """Return which of the task's channels conflict with the class."""
    return conflicts(
        [name for k, name in enumerate(task.scenario.channels) if pattern >> k & 1 and name in task.channels]
    )


def _twins(pictures: Pictures, task: Task) -> list[Pictured]:
    """Return a test sample and its twins in which one thing changes: a channel, or the class."""
    base = scenes(pictures, task, [0])[0]
    label = class_names(task.scenario).index(base.label)
    shown = [Pictured(base, "base", f"a test sample: {_label(task, base, 'test', 0)}")]
    for name in task.channels:
        value = other_value(task, name, label, base.values[name])
        scene = scenes(pictures, task, [0], "channel", name, value)[0]
        shown.append(Pictured(scene, name, f"{value_name(task, name, value)}, all else kept"))
    other = scenes(pictures, task, [0], "core")[0]
    return [*shown, Pictured(other, "class", f"all else kept: {other.label.replace(ALTERNATIVES, ' or ')}")]


def _controls(pictures: Pictures, task: Task) -> list[Pictured]:
    """Return the twins of the same sample in which several things change."""
    nuisances = and_list(nuisances_in(task.modality))
    return [
        Pictured(scenes(pictures, task, [0], kind)[0], title, about.format(nuisances=nuisances))
        for kind, (title, about) in CONTROLS.items()
    ]


def _calibration(material: Material, task: Task) -> list[Calibration]:
    ideal = {metric: material.ideal_mean([task.name], of_ideal(metric)) for metric in CALIBRATION}
    lines = [Calibration("ideal observer", ideal, None)]
    for label, title in SHOWN.items():
        row = material.baseline(label, task.name)
        lines += [_line(material, task, title, row)] if row else []
    reference = material.reference(ERM, task.name)
    return lines + ([_line(material, task, "ERM, trained on uncorrelated data", reference)] if reference else [])


def _line(material: Material, task: Task, title: str, row: TaskRow) -> Calibration:
    done = TaskRow(tuple(with_total(task, [result for result in row.results if result.error is None])))
    values = {metric: material.values[task.name].of(done, metric) for metric in CALIBRATION}
    means = {metric: None if each is None or not len(each) else float(each.mean()) for metric, each in values.items()}
    return Calibration(title, means, len(done.results))


def _ideals(material: Material, task: Task) -> Sequence[tuple[str, Mapping[str, float | None], Mapping[str, float]]]:
    """Return per world what the ideal observer reaches, and its reliance by channel; one line if worlds are alike."""
    lines = [
        (
            world.name,
            {metric: ideal.metrics.get(of_ideal(metric)) for metric in CALIBRATION},
            {name: ideal.channels[name]["reliance"] for name in task.channels if name in ideal.channels},
        )
        for world, ideal in zip(task.worlds, ideal_in_worlds(material.ideals, task), strict=False)
    ]
    alike = len({tuple(None if v is None else f"{v:.3f}" for v in (*m.values(), *c.values())) for _, m, c in lines})
    return [(f"all {len(lines)} worlds", *lines[0][1:])] if len(lines) > 1 and alike == 1 else lines
