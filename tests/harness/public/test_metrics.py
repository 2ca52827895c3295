from spurgen import metrics
from spurgen.harness import metrics as ours


def test_the_short_name_has_the_same_functions():
    assert metrics.__all__ == ours.__all__
    for name in ours.__all__:
        assert getattr(metrics, name) is getattr(ours, name)
