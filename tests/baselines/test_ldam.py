import numpy as np
import torch
from torch import nn

from spurgen.baselines import ldam


def test_head_scores_cosines_and_keeps_the_random_state():
    linear = nn.Linear(2, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[3.0, 0.0], [4.0, 4.0]]))
    before = torch.random.get_rng_state()
    head = ldam.CosineHead(linear, 10.0)
    assert torch.equal(before, torch.random.get_rng_state())
    actual = head(torch.tensor([[0.0, 7.0], [-2.0, 0.0], [0.0, 0.0]]))
    half = np.sqrt(0.5)
    torch.testing.assert_close(actual, torch.tensor([[0, 10 * half], [-10, -10 * half], [0, 0]]).float())
