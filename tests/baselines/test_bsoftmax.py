import numpy as np
import torch

from spurgen.baselines import bsoftmax
from spurgen.baselines.training.data import Data, Inputs


def data_of(labels, groups=None, num_groups=0, **channels):
    shown = {name: torch.tensor(values) for name, values in channels.items()}
    groups = None if groups is None else torch.tensor(groups)
    return Data(Inputs(None, None), torch.tensor(labels), num_groups, group_ids=groups, channel_values=shown)


def test_class_sizes_by_hand_with_an_empty_class():
    actual = bsoftmax.log_class_sizes(data_of([0, 0, 0, 2]), 3)
    torch.testing.assert_close(actual.exp(), torch.tensor([[3.0, 1.0, 1.0]]))


def test_each_sample_of_a_batch_is_trained_with_its_own_sizes(captured, make_problem):
    problem = make_problem(n=24)
    run = captured(bsoftmax, problem)
    sizes = bsoftmax.log_group_sizes(problem.train, 3)
    batch = [17, 7, 15, 0]  # 7 and 15 are in small groups, as no sample of the first seven is
    assert not torch.equal(sizes[batch], sizes[:4])
    step = run.step(batch)
    expected = torch.nn.functional.cross_entropy(step.logits + sizes[batch], problem.train.labels[batch])
    torch.testing.assert_close(run.objective(step), expected)


def test_log_sizes_balance_the_softmax_for_groups_of_equal_size():
    # If only channels are visible, the best logits for groups of equal size plus the log sizes must be the best logits
    # for the training data, for any sizes and any alignment.
    rng = np.random.default_rng(0)
    aligned = {"one": [{1}, {0, 2}, {3}], "two": [{2}, {2}, {0}]}  # several values, and one for two classes
    cells = [(k, one, two) for k in range(3) for one in range(4) for two in range(3)]
    pattern = {(k, v, w): (v not in aligned["one"][k]) + 2 * (w not in aligned["two"][k]) for k, v, w in cells}
    members = {g: [cell for cell in cells if 4 * cell[0] + pattern[cell] == g] for g in range(12)}
    counts = {cell: n for g, n in enumerate(rng.integers(1, 30, 12)) for cell in members[g]}  # flat within a group
    rows = [cell for cell, n in counts.items() for _ in range(n)]
    labels, one, two = (list(column) for column in zip(*rows, strict=True))
    groups = [4 * cell[0] + pattern[cell] for cell in rows]
    actual = bsoftmax.log_group_sizes(data_of(labels, groups, 12, one=one, two=two), 3).double().exp().numpy()
    for i, (_, v, w) in enumerate(rows):
        balanced = np.array([1 / len(members[4 * k + pattern[k, v, w]]) for k in range(3)])
        posterior = np.array([counts[k, v, w] for k in range(3)])
        np.testing.assert_allclose(
            balanced * actual[i] / (balanced @ actual[i]), posterior / posterior.sum(), rtol=1e-5
        )
