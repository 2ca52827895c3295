"""What is imported as `spurgen` itself: `measure` and `ladder`."""

from typing import Any

__all__ = ["ladder", "measure"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # a function, imported on first use: it takes a second
    if name not in __all__:
        raise AttributeError(f"module 'spurgen' has no attribute {name!r}")
    from spurgen.harness.public import measuring

    return getattr(measuring, name)
