"""A versioned set of tasks, read from `suites/<name>.toml`, and the manifest that freezes it."""

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spurgen.benchmark.errors import FrozenDataError, ScenarioError
from spurgen.benchmark.manifest import Manifest
from spurgen.benchmark.scenario import Modality, Name, Scenario, explain, load_scenario

SUITES = Path(__file__).parent / "suites"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    scenario: Name
    modality: Modality


class _SuiteFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tasks: dict[Name, _Entry] = Field(min_length=1)


@dataclass(frozen=True)
class Task:
    """Is a scenario seen through one modality."""

    name: str
    scenario: Scenario
    modality: Modality

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
    """Is a named, versioned set of tasks whose data are frozen by a manifest."""

    name: str
    tasks: dict[str, Task]
    folder: Path = SUITES

    def scenario(self, name: str) -> Scenario:
        """Returns the scenario of that name; raises `ScenarioError` and lists the names if none."""
        if name not in self.scenarios:
            raise ScenarioError(f"suite {self.name} has no scenario {name!r}; it has {', '.join(self.scenarios)}")
        return self.scenarios[name]

    def task(self, name: str) -> Task:
        """Returns the task of that name; raises `ScenarioError` and lists the names if none."""
        if name not in self.tasks:
            raise ScenarioError(f"suite {self.name} has no task {name!r}; it has {', '.join(self.tasks)}")
        return self.tasks[name]

    @property
    def scenarios(self) -> dict[str, Scenario]:
        """Maps the scenarios' names to scenarios, each once, in the order of the tasks."""
        return {task.scenario.name: task.scenario for task in self.tasks.values()}

    def scenario_file(self, name: str) -> Path:
        """Locates the file of a scenario."""
        return self.folder / self.name / f"{name}.toml"

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


def load_suite(which: str) -> Suite:
    """Reads a suite by its name, or by the path of its .toml file, beside which its folder lies.

    Raises `ScenarioError` when there is no such suite or one of its files is wrong.
    """
    path = Path(which) if which.endswith(".toml") else SUITES / f"{which}.toml"
    name, folder = path.stem, path.parent
    try:
        spec = _SuiteFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = ", ".join(sorted(p.stem for p in folder.glob("*.toml")))
        raise ScenarioError(f"there is no suite {name!r}; there are: {known}") from None
    except ValidationError as error:
        lines = "\n".join(map(explain, error.errors()))
        raise ScenarioError(f"{path} is not a possible suite:\n{lines}") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"cannot read the suite file {path}: {error}") from None
    tasks: dict[str, Task] = {}
    scenarios: dict[str, Scenario] = {}
    for task, entry in spec.tasks.items():
        scenario = entry.scenario
        if scenario not in scenarios:
            scenarios[scenario] = load_scenario(folder / name / f"{scenario}.toml")
            if (scenarios[scenario].name, scenarios[scenario].suite) != (scenario, name):
                raise ScenarioError(f"{path}: the file of scenario {scenario} must carry this name and suite {name}")
        tasks[task] = Task(task, scenarios[scenario], entry.modality)
    return Suite(name, tasks, folder)
