import pytest
import torch

from spurgen.baselines.training.data import Data, Inputs
from spurgen.benchmark.errors import SubmissionError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "needs channel values, which this split does not show under the method's ACCESS"),
        ({}, "needs a channel that is not hidden; this task has none, so leave the method out"),
    ],
)
def test_a_method_that_needs_channels_says_why_it_has_none(values, message):
    data = Data(Inputs(None, None), torch.tensor([0, 1]), 2, channel_values=values)
    with pytest.raises(SubmissionError, match=message):
        data.channels  # noqa: B018
