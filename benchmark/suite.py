"""A versioned set of tasks, read from `suites/<name>.toml`, and the manifest that freezes it."""

import json
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spurgen.benchmark.errors import FrozenDataError, ScenarioError
from spurgen.benchmark.explaining import explain
from spurgen.benchmark.manifest import Manifest
from spurgen.benchmark.scenario import Modality, Name, Scenario, load_scenario
from spurgen.benchmark.suggest import suggestion

Backbone = Literal["scratch", "pretrained", "imagenet"]
SUITES = Path(__file__).parent / "suites"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    scenario: Name
    modality: Modality
    backbone: Backbone = "scratch"


class _SuiteFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tasks: dict[Name, _Entry] = Field(min_length=1)
    overall: dict[Name, Annotated[tuple[Name, ...], Field(min_length=2)]] = {}


@dataclass(frozen=True)
class Task:
    """Is a scenario seen through one modality, by baselines that start from `backbone`.

    `scratch`: random weights. `pretrained`: the project's own encoders, trained on an uncorrelated
    world with other pictograms and nouns. `imagenet`: EfficientNet-Lite0.
    """

    name: str
    scenario: Scenario
    modality: Modality
    backbone: Backbone = "scratch"

    @property
    def channels(self) -> tuple[str, ...]:
        """Names the channels that count in this task."""
        return self.scenario.channels_in(self.modality)

    @property
    def num_groups(self) -> int:
        """Counts the (class, alignment pattern) groups over the channels that count."""
        return int(self.scenario.num_classes * 2 ** len(self.channels))


@dataclass(frozen=True)
class Suite:
    """Is a named, versioned set of tasks whose data are frozen by a manifest.

    `overall` names the sets of tasks over whose mean rows are ranked as well.
    """

    name: str
    tasks: dict[str, Task]
    folder: Path = SUITES
    overall: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def scenario(self, name: str) -> Scenario:
        """Returns the scenario of that name; raises `ScenarioError` and suggests others if none."""
        if name not in self.scenarios:
            raise ScenarioError(f"suite {self.name} has no scenario {name!r}; {suggestion(name, self.scenarios)}")
        return self.scenarios[name]

    def task(self, name: str) -> Task:
        """Returns the task of that name; raises `ScenarioError` and suggests others if none."""
        if name not in self.tasks:
            raise ScenarioError(f"suite {self.name} has no task {name!r}; {suggestion(name, self.tasks)}")
        return self.tasks[name]

    @property
    def scenarios(self) -> dict[str, Scenario]:
        """Maps the scenarios' names to scenarios, each once, in the order of the tasks."""
        return {task.scenario.name: task.scenario for task in self.tasks.values()}

    def scenario_file(self, name: str) -> Path:
        """Locates the file of a scenario."""
        return self.folder / self.name / f"{name}.toml"

    @property
    def spoken(self) -> str:
        """Is how a command line names the suite: by its name, or by its file if that lies elsewhere."""
        return quote(self.name if self.folder == SUITES else str(self.folder / f"{self.name}.toml"))

    @property
    def manifest_file(self) -> Path:
        """Locates the manifest."""
        return self.folder / f"{self.name}.manifest.json"

    @cached_property
    def manifest(self) -> Manifest:
        """Reads the manifest; raises `FrozenDataError` if it is missing or unreadable."""
        try:
            return Manifest.model_validate(json.loads(self.manifest_file.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise FrozenDataError(
                f"cannot read the manifest {self.manifest_file}: {error}\nrestore it from version control"
            ) from None


def _names(folder: Path) -> list[str]:
    """Lists the suites in a folder: .toml files with a folder or a manifest beside them."""
    files = folder.glob("*.toml")
    return sorted(p.stem for p in files if p.with_suffix("").is_dir() or p.with_suffix(".manifest.json").exists())


def load_suite(which: str) -> Suite:
    """Reads a suite by its name, or by the path of its .toml file, beside which its folder lies.

    Raises `ScenarioError` when there is no such suite or one of its files is wrong.
    """
    path = Path(which) if which.endswith(".toml") else SUITES / f"{which}.toml"
    name, folder = path.stem, path.parent
    try:
        spec = _SuiteFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        what = f"the suite file {path} does not exist" if which.endswith(".toml") else f"there is no suite {name!r}"
        raise ScenarioError(f"{what}; there are: {', '.join(_names(folder) or _names(SUITES))}") from None
    except ValidationError as error:
        lines = "\n".join(map(explain, error.errors()))
        raise ScenarioError(f"{path} is not a possible suite:\n{lines}") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"cannot read the suite file {path}: {error}") from None
    _check_overall(path, spec)
    _check_backbones(path, spec)
    tasks: dict[str, Task] = {}
    scenarios: dict[str, Scenario] = {}
    for task, entry in spec.tasks.items():
        scenario = entry.scenario
        if scenario not in scenarios:
            scenarios[scenario] = load_scenario(folder / name / f"{scenario}.toml")
            if (scenarios[scenario].name, scenarios[scenario].suite) != (scenario, name):
                raise ScenarioError(f"{path}: the file of scenario {scenario} must carry this name and suite {name}")
        tasks[task] = Task(task, scenarios[scenario], entry.modality, entry.backbone)
    return Suite(name, tasks, folder, spec.overall)


def _check_overall(path: Path, spec: _SuiteFile) -> None:
    """Raises `ScenarioError` unless every set holds tasks of the suite, each once."""
    for name, members in spec.overall.items():
        for task in members:
            if task not in spec.tasks:
                known = ", ".join(spec.tasks)
                raise ScenarioError(f"{path}: overall.{name} names {task}, which is no task; there are: {known}")
            if members.count(task) > 1:
                raise ScenarioError(f"{path}: overall.{name} names {task} more than once; name each task once")


def _check_backbones(path: Path, spec: _SuiteFile) -> None:
    """Raises `ScenarioError` where a task with captions would start from ImageNet, which has none."""
    for name, entry in spec.tasks.items():
        if entry.backbone == "imagenet" and entry.modality != "image":
            raise ScenarioError(
                f'{path}: tasks.{name}: backbone = "imagenet" is for image tasks, and this one is {entry.modality}; '
                'choose "pretrained" or "scratch", or modality = "image"'
            )
