"""Distributions from which a sweep draws a hyper-parameter, as functions of a quantile."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Uniform:
    """Uniform distribution over [low, high]."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"uniform, {self.low:g} to {self.high:g}"

    def at(self, quantile: float) -> float:
        """Return the value at a quantile in [0, 1), rounded to two significant digits."""
        return _rounded(self.low + quantile * (self.high - self.low))


@dataclass(frozen=True)
class LogUniform:
    """Uniform distribution of the logarithm over [low, high], low > 0."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"log-uniform, {self.low:g} to {self.high:g}"

    def at(self, quantile: float) -> float:
        """Return the value at a quantile in [0, 1), rounded to two significant digits."""
        return _rounded(self.low * (self.high / self.low) ** quantile)


@dataclass(frozen=True)
class Choice:
    """Uniform distribution over a list of values."""

    values: tuple[float, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(f"{value:g}" for value in self.values)

    def at(self, quantile: float) -> float:
        """Return the value at a quantile in [0, 1)."""
        return self.values[int(quantile * len(self.values))]


Distribution = Uniform | LogUniform | Choice
"""Distribution of one hyper-parameter; as text its name and values, as documentation shows them."""


def _rounded(value: float) -> float:
    # A value that can be printed and typed; it also hides how a platform's power function rounds.
    return float(f"{value:.2g}")
