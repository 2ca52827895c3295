import pytest

from spurgen.benchmark.specs import split_spec


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("a/b.py", ("a/b.py", "")),
        ("a:b/c.py", ("a:b/c.py", "")),
        ("a/b.py:Net", ("a/b.py", "Net")),
        ("a:b/c.py:Net", ("a:b/c.py", "Net")),
        ("a.b", ("a.b", "")),
        ("a.b:net", ("a.b", "net")),
    ],
)
def test_a_spec_is_a_path_or_module_and_optionally_an_attribute(spec, parts):
    assert split_spec(spec) == parts
