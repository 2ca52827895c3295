import numpy as np
import pytest
import torch

from spurgen.baselines import cb_loss


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.9999, 0.999999])
def test_effective_number_is_the_geometric_sum(beta):
    sizes = torch.tensor([1.0, 2, 7, 1500], dtype=torch.float64)
    summed = [sum(beta**k for k in range(int(n))) for n in sizes]
    np.testing.assert_allclose(cb_loss.effective_number(sizes, beta), summed, rtol=1e-9)
