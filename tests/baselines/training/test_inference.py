import pytest
import torch
from torch import nn

from spurgen.baselines.training.data import Data, Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.inference import CHUNK, features, logits, validate
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.checkpoint_rules import ValScore


@pytest.fixture
def problem(make_data, make_context):
    """A problem of images and captions, larger than a chunk."""
    data = make_data(n=CHUNK + 7)
    return Problem.of(data, data, make_context("multimodal"))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("function", [logits, features])
def test_outputs_are_those_of_each_sample_alone_in_any_mode(function, training, problem):
    network, inputs = problem.network(Recipe(feature_dim=16)).train(training), problem.train.inputs
    before = {name: part.clone() for name, part in network.state_dict().items()}
    actual = function(network, inputs)
    assert {module.training for module in network.modules()} == {training}
    assert all(torch.equal(part, before[name]) for name, part in network.state_dict().items())  # running means as well
    assert not actual.requires_grad
    network.eval()
    alone = network if function is logits else network.encode
    with torch.no_grad():
        expected = torch.cat([alone(inputs.take(slice(k, k + 1))) for k in range(len(inputs))])
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-3)
    assert (actual - actual.roll(1, 0)).abs().max(1).values.min() > 2e-3  # no sample has its neighbour's output


class Parrot(nn.Module):
    """Network that predicts the class that the first token names."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(1, 3)

    def forward(self, inputs):
        assert not self.training
        return nn.functional.one_hot(inputs.tokens[:, 0], 3).float()


def spoken(predicted, labels, groups=None):
    tokens = torch.tensor(predicted)[:, None]
    groups = None if groups is None else torch.tensor(groups)
    return Data(Inputs(None, tokens), torch.tensor(labels), num_groups=6, group_ids=groups)


def test_a_split_is_scored_by_hand_with_empty_groups():
    # groups 0, 1, 3 and 4 have 1 of 2, 3 of 3, 1 of 4 and 1 of 1 right; 2 and 5 are empty
    predicted = [0, 1, 0, 0, 0, 1, 0, 2, 2, 2]
    labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2]
    groups = [0, 0, 1, 1, 1, 3, 3, 3, 3, 4]
    score = validate(Parrot(), spoken(predicted, labels, groups))
    # the even groups, of the first pattern, have 2 of 3 right, the odd ones 4 of 7
    assert score == pytest.approx(ValScore(6 / 10, 1 / 4, (1 / 2 + 1 + 1 / 4 + 1) / 4, 4 / 7))


def test_without_groups_there_is_accuracy_alone():
    assert validate(Parrot(), spoken([0, 1, 2, 2], [0, 1, 2, 0])) == ValScore(0.75)
