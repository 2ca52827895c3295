import pytest

from spurgen import evaluation, metrics
from spurgen.harness import metrics as ours


@pytest.mark.parametrize("module", [evaluation, metrics])
def test_every_public_name_exists(module):
    assert module.__all__ == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)
    assert metrics.__all__ == ours.__all__
