import dataclasses

import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor.dataset import aligned_values, groups_of


def test_the_value_that_goes_with_a_class_is_the_over_represented_one():
    labels = np.array([0] * 100 + [1] * 20)
    attributes = np.array([0] * 55 + [1] * 45 + [0] * 19 + [1])  # most of either class have 0, as women in CelebA
    assert aligned_values(labels, attributes, "x").tolist() == [1, 0]


def test_an_attribute_that_does_not_tell_classes_apart_is_refused():
    with pytest.raises(SpurgenError, match="faces: classes share the attribute's value that goes with them"):
        aligned_values(np.array([0, 0, 1, 1]), np.zeros(4, np.int64), "faces")


def test_groups_are_class_then_conflict():
    labels, attributes = np.array([0, 0, 1, 1]), np.array([1, 0, 0, 1])
    assert groups_of(labels, attributes, np.array([1, 0])).tolist() == [0, 1, 2, 3]


def test_the_digest_is_of_every_array(planted):
    data = planted(40)
    changed = [dataclasses.replace(data, labels=1 - data.labels), dataclasses.replace(data, splits=data.labels)]
    assert len({data.sha256, *(each.sha256 for each in changed)}) == 3
    assert data.sha256 == planted(40).sha256
