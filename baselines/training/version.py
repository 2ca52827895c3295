"""Versions that identify our training code in results: whole numbers, raised when results change.

`tests/golden` fails when results change and no version was raised. Importing this module does not load torch.
"""

import ast
from functools import cache
from pathlib import Path

TRAINING_VERSION = 3
"""Version of the code in this folder, raised when a change alters the results of every method."""


def method_version(name: str) -> int:
    """Return the `version` that `baselines/<name>.py` passes to `Baseline`, 1 if it passes none.

    The file is parsed, not imported. Raises `ValueError` if it does not call `Baseline` exactly once, or if the
    version is not a literal whole number.
    """
    path = Path(__file__).parents[1] / f"{name.replace('.', '/')}.py"
    return _version(path.name, path.read_text(encoding="utf-8"))


@cache  # a leaderboard asks for it thousands of times
def _version(file: str, text: str) -> int:
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    calls = [call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) == "Baseline"]
    if len(calls) != 1:
        raise ValueError(f"{file} calls Baseline {len(calls)} times; expected once")
    values = [keyword.value for keyword in calls[0].keywords if keyword.arg == "version"]
    version = ast.literal_eval(values[0]) if values else 1
    if type(version) is not int:
        raise ValueError(f"{file}: version = {version!r}; expected a whole number")
    return version
