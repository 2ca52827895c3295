import torch

from spurgen.baselines.training.samplers import halves

GROUPS = torch.tensor([0] * 9 + [1] + [2] + [3] + [5] * 4)  # group 4 is empty


def split(seed=0):
    return halves(GROUPS, torch.Generator().manual_seed(seed))


def test_every_sample_is_in_exactly_one_half():
    assert sorted(torch.cat(split()).tolist()) == list(range(len(GROUPS)))


def test_every_group_is_split_evenly_and_odd_samples_alternate():
    counts = [torch.bincount(GROUPS[half], minlength=6).tolist() for half in split()]
    assert counts == [[5, 0, 1, 0, 0, 2], [4, 1, 0, 1, 0, 2]]


def test_the_split_is_random_and_a_seed_repeats_it():
    assert torch.equal(split(1)[0], split(1)[0])
    assert set(split(1)[0].tolist()) != set(split(2)[0].tolist())


def test_split_of_one_sample_is_no_error():
    assert [len(half) for half in halves(torch.tensor([3]), torch.Generator())] == [1, 0]
