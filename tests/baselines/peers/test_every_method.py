import re
from pathlib import Path

import pytest

from spurgen.benchmark.plugins import names_in

TESTS = [
    name for path in Path(__file__).parent.glob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
]


@pytest.mark.parametrize("name", names_in("spurgen.baselines"))
def test_a_method_is_compared_with_a_peer(name):
    assert any(re.search(rf"(test|and|_)_?{name}_", test) for test in TESTS)
