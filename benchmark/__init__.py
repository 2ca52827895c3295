"""What is measured: scenarios, suites, the submission contract and the result schema."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spurgen.benchmark.contract import ACCESS, Batch, Context, LabeledData
    from spurgen.benchmark.errors import FrozenDataError, MetricError, ScenarioError, SpurgenError, SubmissionError
    from spurgen.benchmark.suite import Suite, load_suite
    from spurgen.benchmark.task import Task
    from spurgen.benchmark.world import load_scenario
    from spurgen.benchmark.worlds.pictograms import Scenario

__all__ = [
    "ACCESS",
    "Batch",
    "Context",
    "FrozenDataError",
    "LabeledData",
    "MetricError",
    "Scenario",
    "ScenarioError",
    "SpurgenError",
    "SubmissionError",
    "Suite",
    "Task",
    "load_scenario",
    "load_suite",
]
_MODULES = ("errors", "contract", "world", "worlds.pictograms", "suite")


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a public name on first use: the command line needs the errors, but neither NumPy nor pydantic."""
    if name in __all__:
        for module in map(import_module, (f"{__name__}.{module}" for module in _MODULES)):
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
