"""The errors a user can meet; each message says what, where and what to do."""


class SpurgenError(Exception):
    """Is the root of every error that SpurGen raises on purpose."""


class ScenarioError(SpurgenError, ValueError):
    """Marks a scenario or suite that asks for something impossible."""


class FrozenDataError(SpurgenError):
    """Marks data that are not the frozen ones: missing, stale, truncated or changed."""


class SubmissionError(SpurgenError):
    """Marks a submission that cannot be loaded, or that failed or answered badly while it ran."""


class MetricError(SpurgenError, ValueError):
    """Marks arrays that a metric cannot judge: non-finite, misshapen, or with an empty group."""
