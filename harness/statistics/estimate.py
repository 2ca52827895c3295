"""A number with its interval."""

from collections.abc import Sequence

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

ENDS = ("_low", "_high")
"""How the names of columns with the ends of an interval end."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Estimate:
    """A number and the ends of its 95 % interval, None where it has none."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the interval, or the value twice where there is none."""
        return self.value if self.low is None else self.low, self.value if self.high is None else self.high

    def text(self, style: str = ".3f") -> str:
        """Return the number and, in brackets, its interval, formatted by `style`; no zero is negative."""
        style = style.replace(".", "z.")
        interval = "" if self.low is None else f" [{self.low:{style}}, {self.high:{style}}]"
        return f"{self.value:{style}}{interval}"


def end_columns(name: str, ends: Sequence[float | None] | None) -> dict[str, float | None]:
    """Return the columns of the ends of a number's interval; none where there is no interval."""
    return {name + end: value for end, value in zip(ENDS, ends, strict=True)} if ends else {}
