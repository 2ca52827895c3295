import dataclasses

import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor.worlds import TUNING, Design, labeled, world_of


def test_worlds_are_sampled_by_design_and_share_no_sample_between_splits(planted, small):
    data = planted()
    for name in (TUNING, "0", "1"):
        world = world_of(data, name, small)
        assert np.bincount(world.train.groups).tolist() == [120, 16, 120, 16]
        assert np.bincount(world.val.groups).tolist() == [20] * 4
        assert np.bincount(world.test.groups).tolist() == [50] * 4
        rows = np.concatenate([part.rows for part in world[:3]])
        assert len(set(rows.tolist())) == len(rows)
        conflicts = data.labels[world.train.rows] != data.attributes[world.train.rows]
        assert (world.train.groups % 2 == conflicts).all()
        by_environment = [np.bincount(world.train.groups[world.train.environments == env]).tolist() for env in (0, 1)]
        assert by_environment == [[60, 4, 60, 4], [60, 12, 60, 12]]


def test_a_world_depends_on_its_name_alone(planted, small):
    data = planted()
    first, again, other = (world_of(data, name, small) for name in ("0", "0", "1"))
    assert first.train.rows.tolist() == again.train.rows.tolist()
    assert first.train.rows.tolist() != other.train.rows.tolist()


def test_the_reference_trains_on_as_many_balanced_samples_and_is_tested_on_the_same(planted, small):
    world, reference = (world_of(planted(), "0", small, correlated=correlated) for correlated in (True, False))
    assert np.bincount(reference.train.groups).tolist() == [68] * 4
    assert reference.test.rows.tolist() == world.test.rows.tolist()


def test_a_group_with_too_few_samples_is_named(planted):
    with pytest.raises(SpurgenError, match=r"planted has \d+ samples of no, dark; a world needs 1193"):
        world_of(planted(), "0", Design())


def test_own_splits_are_used_as_they_are(planted, small):
    splits = np.arange(1200) % 3
    data = planted(splits=splits)
    world = world_of(data, "0", small)
    assert [part.rows.tolist() for part in world[:3]] == [np.flatnonzero(splits == k).tolist() for k in range(3)]
    assert world.aligned.tolist() == [0, 1]
    assert world.train.environments is None
    missing = dataclasses.replace(data, splits=np.where((data.labels == 1) & (data.attributes == 0), 0, splits))
    with pytest.raises(SpurgenError, match="planted: val has no sample of yes, dark; every group needs one"):
        world_of(missing, "0", small)


def test_training_sees_what_its_access_tier_grants(planted, small):
    data = planted()
    world = world_of(data, "0", small)
    train = labeled(data, world.train)
    assert train.channel_values["tone"].tolist() == data.attributes[world.train.rows].tolist()
    assert train.restrict("none", "train").group_ids is None
    assert train.restrict("envs", "train").env_ids is not None
    assert (train.num_groups, len(train)) == (4, 272)
