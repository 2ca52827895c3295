"""What the ideal observer of each world reaches, as stored beside a suite's manifest."""

import json

from spurgen.benchmark.manifest import Sha256
from spurgen.benchmark.result import Metrics
from spurgen.benchmark.scenario_tables import Frozen, Modality, Name


class IdealValues(Frozen):
    """Metrics of the ideal observer of one world in one modality, named as in `Result`.

    `scenario_sha256` and `scoring` say for which description and which `SCORING_VERSION` they hold.
    """

    scenario_sha256: Sha256
    scoring: int
    metrics: Metrics
    channels: dict[Name, Metrics]


class IdealFile(Frozen):
    """The values of all worlds of a suite, by world and modality."""

    suite: str
    worlds: dict[Name, dict[Modality, IdealValues]]


def dump_ideal(file: IdealFile) -> str:
    """Return the values as stable JSON text."""
    return json.dumps(file.model_dump(), indent=1) + "\n"
