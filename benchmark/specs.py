"""How a submission is named: a path or a module, and perhaps an attribute of it."""


def split_spec(spec: str) -> tuple[str, str]:
    """Splits a spec into a path or a module's name, and an attribute or the empty string."""
    if spec.endswith(".py"):
        return spec, ""
    head, _, attribute = spec.rpartition(":") if ".py:" in spec else spec.partition(":")
    return head, attribute
