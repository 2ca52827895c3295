"""How a submission is named: by a path or a module, and optionally an attribute of it."""

BASELINES = f"{__package__.rpartition('.')[0]}.baselines"


def split_spec(spec: str) -> tuple[str, str]:
    """Split a spec into a path or a module's name, and an attribute or the empty string."""
    if spec.endswith(".py"):
        return spec, ""
    head, _, attribute = spec.rpartition(":") if ".py:" in spec else spec.partition(":")
    return head, attribute


def is_baseline(spec: str) -> bool:
    """Return whether a spec names one of our own methods: a module of `spurgen.baselines`, not a file."""
    head, _ = split_spec(spec)
    return head.startswith(f"{BASELINES}.") and not head.endswith(".py")
