"""Samplers, and halves of a split."""

import pytest
import torch

from spurgen.baselines.training.samplers import balanced, halves, per_environment, repeated, shuffled, weighted


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_shuffled_visits_each_sample_at_most_once():
    epoch = shuffled(torch.arange(100), 16)(generator())
    assert epoch.shape == (6, 16)
    assert len(epoch.unique()) == 96


def test_shuffled_keeps_repeated_samples():
    epoch = shuffled(torch.tensor([5, 5, 5, 7]), 2)(generator())
    assert sorted(epoch.flatten().tolist()) == [5, 5, 5, 7]


def test_epochs_differ_and_a_seed_repeats_them():
    draw, first = shuffled(torch.arange(50), 10), generator(1)
    a, b = draw(first), draw(first)
    assert not torch.equal(a, b)
    assert torch.equal(a, draw(generator(1)))


@pytest.mark.parametrize("make", [lambda n, b: shuffled(torch.arange(n), b), lambda n, b: weighted(torch.ones(n), b)])
def test_fewer_samples_than_a_batch_make_one_batch(make):
    assert make(5, 64)(generator()).shape == (1, 5)


def test_balanced_draws_every_group_equally_often(shares):
    groups = torch.tensor([0] * 900 + [2] * 90 + [3] * 10)  # group 1 is empty
    torch.testing.assert_close(
        shares(balanced(groups, 100), groups, 5, 30), torch.tensor([1 / 3, 0, 1 / 3, 1 / 3, 0]), atol=0.02, rtol=0
    )


def test_per_environment_fills_each_batch_in_equal_parts():
    envs = torch.tensor([2] * 30 + [0] * 30)  # environment 1 is empty
    epoch = per_environment(envs, 10)(generator())
    assert epoch.shape == (6, 10)
    assert envs[epoch].tolist() == [[0] * 5 + [2] * 5] * 6
    assert len(epoch.unique()) == 60


def test_an_epoch_visits_a_small_environment_more_than_once():
    envs = torch.tensor([0] * 400 + [1] * 20)
    epoch = per_environment(envs, 20)(generator())
    assert epoch.shape == (21, 20)  # as many samples as there are
    large, small = epoch.split(10, dim=1)
    assert large.unique().numel() == 210
    assert torch.bincount(small.flatten())[400:].tolist() == pytest.approx([210 / 20] * 20, abs=1)
    assert not torch.equal(small[:2].flatten(), small[2:4].flatten())  # in another order each time


def test_per_environment_survives_a_tiny_environment():
    assert per_environment(torch.tensor([0] * 40 + [1] * 3), 16)(generator()).shape == (7, 6)


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


def test_epochs_are_repeated_up_to_the_number_of_batches():
    batches = repeated(shuffled(torch.arange(12), 4), 7)(generator())
    assert batches.shape == (7, 4)
    assert torch.bincount(batches.flatten()).tolist() != [7 * 4 // 12] * 12
    assert sorted(batches[3:6].flatten().tolist()) == list(range(12))
    assert repeated(shuffled(torch.arange(12), 4), 2)(generator()).shape == (2, 4)


def test_single_labelled_group_is_no_error():
    assert repeated(balanced(torch.tensor([4]), 16), 3)(generator()).tolist() == [[0], [0], [0]]
