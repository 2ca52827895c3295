"""What is measured: scenarios, suites, the submission contract and the result schema."""

from spurgen.benchmark.contract import ACCESS, Batch, Context, LabeledData
from spurgen.benchmark.errors import (
    FrozenDataError,
    MetricError,
    ScenarioError,
    SpurgenError,
    SubmissionError,
)
from spurgen.benchmark.scenario import Scenario, load_scenario
from spurgen.benchmark.suite import Suite, Task, load_suite

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
