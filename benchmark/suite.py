"""A versioned set of tasks, read from `suites/<name>.toml`, and the manifest that freezes it."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from spurgen.benchmark.contract import Backbone, Modality
from spurgen.benchmark.errors import FrozenDataError, MissingError, ReadError, ScenarioError, checked
from spurgen.benchmark.manifest import Manifest, ScenarioManifest
from spurgen.benchmark.reading import read_json, read_toml
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suggest import suggestion
from spurgen.benchmark.task import Role, Task, rungs_of
from spurgen.benchmark.world import Description, Name, load_scenario

DEFAULT_SUITE = "v4"  # for commands without --suite
SUITES = Path(__file__).parent / "suites"


class _Entry(BaseModel):
    """A task as the suite's file describes it."""

    model_config = ConfigDict(extra="forbid")

    scenario: Name
    modality: Modality
    backbone: Backbone = "scratch"
    role: Role = "extra"


class _LadderEntry(_Entry):
    """A ladder as the suite's file describes it: a task per rung; `ceiling` replaces that of its scenario.

    `half`: name of the part of the suite over whose ladders rows are ranked together.
    """

    backbone: Literal["frozen", "finetuned"] = "frozen"
    half: Name | None = None
    ceiling: Annotated[float, Field(gt=0, le=1)] | None = None


class _SuiteFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tasks: dict[Name, _Entry] = {}
    ladders: dict[Name, _LadderEntry] = {}
    overall: dict[Name, Annotated[tuple[Name, ...], Field(min_length=2)]] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.tasks or self.ladders):
            raise ValueError("tasks: there is none; name one in [tasks] or a ladder in [ladders]")
        for name, members in self.overall.items():
            for task in members:
                if task not in self.tasks:
                    known = ", ".join(self.tasks)
                    raise ValueError(f"overall.{name} names {task}, which is no task; there are: {known}")
                if members.count(task) > 1:
                    raise ValueError(f"overall.{name} names {task} more than once; name each task once")
        return self


@dataclass(frozen=True)
class Suite:
    """A named, versioned set of tasks whose data are frozen by a manifest.

    `overall` maps a name to a set of tasks over whose mean rows are ranked as well, `halves` a name to ladders over
    which rows have a number of counterexamples needed; a row's place is that in the half where it is worse.
    """

    name: str
    tasks: dict[str, Task]
    folder: Path = SUITES
    overall: dict[str, tuple[str, ...]] = field(default_factory=dict)
    halves: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def scenario(self, name: str) -> Description:
        """Return the world or template of that name; raise `ScenarioError` with similar names if there is none."""
        known = self.scenarios | {task.scenario.name: task.scenario for task in reversed([*self.tasks.values()])}
        if name not in known:
            raise ScenarioError(f"suite {self.name} has no scenario {name!r}; {suggestion(name, known)}")
        return known[name]

    def task(self, name: str) -> Task:
        """Return the task of that name; raise `ScenarioError` with similar names if there is none."""
        if name not in self.tasks:
            if name in self.ladders:
                rungs = " ".join(rung.name for rung in self.ladders[name])
                raise ScenarioError(f"{name} is a ladder of suite {self.name}; name its rungs: {rungs}")
            raise ScenarioError(f"suite {self.name} has no task {name!r}; {suggestion(name, self.tasks)}")
        return self.tasks[name]

    @cached_property
    def ladders(self) -> dict[str, tuple[Task, ...]]:
        """The rungs of each ladder, in the order of the tasks."""
        rungs = [task for task in self.tasks.values() if task.of]
        return {name: tuple(rung for rung in rungs if rung.of == name) for name in dict.fromkeys(r.of for r in rungs)}

    @property
    def main(self) -> dict[str, Task]:
        """Tasks with the role `main`, or all tasks if none has it."""
        return {name: task for name, task in self.tasks.items() if task.role == "main"} or self.tasks

    @property
    def usual(self) -> dict[str, Task]:
        """Tasks that commands run by default: all except those that train encoders, which take minutes per job."""
        return {name: task for name, task in self.tasks.items() if task.backbone != "finetuned"}

    @cached_property
    def scenarios(self) -> dict[str, Description]:
        """Worlds by name, as the first task has them, in the order of the tasks; one world is its scenario itself."""
        worlds = [world for task in self.tasks.values() for world in task.worlds]
        return {world.name: world for world in worlds} | {world.name: world for world in reversed(worlds)}

    def scenario_file(self, name: str) -> Path:
        """Return the path of the file that describes a world."""
        of_world = {w.name: task.scenario.name for task in self.tasks.values() for w in task.worlds}
        return self.folder / self.name / f"{of_world.get(name, name)}.toml"

    @property
    def spoken(self) -> str:
        """Suite as a command line names it: its name, or its file if that lies outside the package."""
        return quote(self.name if self.folder == SUITES else str(self.folder / f"{self.name}.toml"))

    @property
    def manifest_file(self) -> Path:
        """Path of the manifest."""
        return self.folder / f"{self.name}.manifest.json"

    @property
    def croissant_file(self) -> Path:
        """Path of its Croissant description (MLCommons)."""
        return self.folder / f"{self.name}.croissant.json"

    @property
    def datasheet_file(self) -> Path:
        """Path of its datasheet."""
        return self.folder / f"{self.name}.datasheet.md"

    @cached_property
    def manifest(self) -> Manifest:
        """Manifest, read on first use; raises `FrozenDataError` if it is missing or unreadable."""
        try:
            content = read_json(self.manifest_file, "the manifest")
        except MissingError:
            cure = f"restore it, or freeze a new suite by {spurgen(f'splits freeze --suite {self.spoken}')}"
            raise FrozenDataError(f"cannot read the manifest {self.manifest_file}: there is none; {cure}") from None
        except ReadError as error:
            raise FrozenDataError(*error.args) from None
        problem, cure = f"cannot read the manifest {self.manifest_file}", "restore it from version control"
        return checked(Manifest.model_validate, content, lambda why: FrozenDataError(f"{problem}: {why}; {cure}"))

    def frozen(self, name: str) -> ScenarioManifest:
        """Return a scenario's part of the manifest; raise `FrozenDataError` if there is none."""
        if name not in self.manifest.scenarios:
            problem = f"the manifest {self.manifest_file} does not hold scenario {name}"
            raise FrozenDataError(f"{problem}; restore it from version control")
        return self.manifest.scenarios[name]

    def data_digest(self, task: Task) -> str:
        """Return the SHA-256 of the frozen data of a task, over all its worlds."""
        digests = [self.frozen(world.name).digest for world in task.worlds]
        return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def load_suite(which: str) -> Suite:
    """Read a suite by its name, or by the path of its .toml file, beside which its folder lies.

    Raises `ScenarioError` when there is no such suite or one of its files is wrong.
    """
    path = Path(which) if which.endswith(".toml") else SUITES / f"{which}.toml"
    name, folder = path.stem, path.parent
    try:
        fields = read_toml(path, "the suite file")
    except MissingError:
        what = f"the suite file {path} does not exist" if which.endswith(".toml") else f"there is no suite {name!r}"
        raise ScenarioError(f"{what}; there are: {', '.join(_names(folder) or _names(SUITES))}") from None
    except ReadError as error:
        raise ScenarioError(*error.args) from None
    spec = checked(
        _SuiteFile.model_validate, fields, lambda why: ScenarioError(f"{path} is not a possible suite: {why}")
    )
    scenarios: dict[str, Description] = {}
    for scenario in dict.fromkeys(entry.scenario for entry in [*spec.tasks.values(), *spec.ladders.values()]):
        scenarios[scenario] = load_scenario(folder / name / f"{scenario}.toml")
        if (scenarios[scenario].name, scenarios[scenario].suite) != (scenario, name):
            raise ScenarioError(f"{path}: the file of scenario {scenario} must carry this name and suite {name}")
        if "features" in scenarios[scenario].carriers:
            raise ScenarioError(
                f"{path}: scenario {scenario} has features, and a manifest freezes images and captions alone; leave it "
                "out: spurgen.ladder reads its file"
            )
    tasks = {
        task: Task(task, scenarios[entry.scenario], entry.modality, entry.backbone, entry.role)
        for task, entry in spec.tasks.items()
    }
    overall = dict(spec.overall)
    for ladder, climbed in spec.ladders.items():
        rungs = _rungs(path, ladder, scenarios[climbed.scenario], climbed)
        tasks |= rungs
        overall[ladder] = tuple(name for name, rung in rungs.items() if rung.counterexamples)
    for task in tasks.values():
        if not task.channels:
            raise ScenarioError(
                f"{path}: task {task.name}: scenario {task.scenario.name} has no channel in modality {task.modality}, "
                "so there is nothing to measure; choose another modality"
            )
    halves: dict[str, tuple[str, ...]] = {}
    for ladder, climbed in spec.ladders.items():
        if climbed.half:
            halves[climbed.half] = (*halves.get(climbed.half, ()), ladder)
    return Suite(name, tasks, folder, overall, halves)


def _rungs(path: Path, name: str, described: Description, entry: _LadderEntry) -> dict[str, Task]:
    """Return the tasks of a ladder, by name: the ladder's and the number of counterexamples."""
    if not described.rungs:
        raise ScenarioError(f"{path}: ladders.{name}: scenario {described.name} has no rungs, so it is no ladder")
    ceiling = described.ceiling if entry.ceiling is None else entry.ceiling
    ladder = described.model_copy(update={"ceiling": ceiling})
    rungs = rungs_of(ladder, entry.modality, of=name, backbone=entry.backbone, role=entry.role)
    return {rung.name: rung for rung in rungs}


def _names(folder: Path) -> list[str]:
    """List the suites in a folder: .toml files with a folder or a manifest beside them."""
    files = folder.glob("*.toml")
    return sorted(p.stem for p in files if p.with_suffix("").is_dir() or p.with_suffix(".manifest.json").exists())
