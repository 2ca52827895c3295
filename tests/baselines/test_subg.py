import numpy as np
import torch

from spurgen.baselines import subg


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_sample_of_a_group_is_equally_likely():
    groups = torch.tensor([1] * 6 + [0] * 3 + [1] * 4)
    counts = torch.zeros(13)
    for seed in range(3000):
        counts[subg.subset(groups, generator(seed))] += 1
    # 3 of 10 and 3 of 3; the standard error of a share is .0084
    torch.testing.assert_close(counts / 3000, torch.where(groups == 1, 0.3, 1.0), atol=0.04, rtol=0)


def test_subset_is_fixed_and_repeated_to_the_length_of_an_erm_epoch(captured, make_data, make_problem):
    groups = make_data(n=640).group_ids.copy()
    rare = np.flatnonzero(groups == 1)
    groups[rare[1:]] = 0  # one sample is left in group 1
    sampler = captured(subg, make_problem(640, group_ids=groups)).sampler
    draws = generator()
    epochs = [sampler(draws) for _ in range(3)]
    assert [epoch.shape for epoch in epochs] == [(10, 64)] * 3
    assert len({tuple(epoch.unique().tolist()) for epoch in epochs}) == 1
    visits = np.bincount(groups[epochs[0].flatten()], minlength=7)
    assert (visits[:6] >= 640 // 6).all()
    assert np.ptp(visits[:6]) <= 1
    assert visits[6] == 0
