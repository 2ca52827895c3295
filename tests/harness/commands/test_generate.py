import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.harness.commands.generate import from_flags
from spurgen.harness.experiments.data_folder import describe_world


@pytest.mark.parametrize("describe", [from_flags, describe_world])
@pytest.mark.parametrize(("num_samples", "val"), [(1000, 250), (7, 1), (1, 1)])
def test_num_samples_counts_train_samples_in_generate_and_in_run(describe, num_samples, val):
    splits = describe(num_samples=num_samples).splits
    assert (splits.train, splits.val) == (num_samples, val)
    with pytest.raises(ScenarioError, match=r"splits.train: .*\(got 0\)"):
        describe(num_samples=0)
