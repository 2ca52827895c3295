"""What every test of the benchmark returns: its section of the report."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from matplotlib.figure import Figure

VERDICTS = {True: "holds", False: "**does not hold**", None: "not judged: what it needs is missing"}
UNDECIDED = "undecided (the intervals allow either)"


@dataclass(frozen=True)
class Section(ABC):
    """A test's section of the report; its fields are what validity.json has of the test.

    `passed` is None where the test cannot be judged, `missing` a line per kind of row that it lacks.
    """

    JUDGED: ClassVar[bool] = True
    """Whether the test has a threshold."""
    STILL: ClassVar[str] = ""
    """What may be concluded although the test's claim does not hold, in a sentence."""
    passed: bool | None
    missing: list[str]

    @property
    def verdict(self) -> str:
        """Verdict in words."""
        return VERDICTS[self.passed] if self.JUDGED else "measured, no threshold"

    @abstractmethod
    def summary(self) -> str:
        """Return the main metrics in a sentence or two; empty if there are none."""

    @abstractmethod
    def tables(self) -> str:
        """Return the metrics as Markdown."""

    @abstractmethod
    def plot(self) -> Figure | None:
        """Draw the metrics, or return None if there are none."""
