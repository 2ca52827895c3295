"""No test content may occur in train or val: looked for in every part, in every shard."""

import dataclasses

import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.harness.splits.freeze import check_leakage, hash_suite


@pytest.fixture
def parts(suite):
    found = {}
    for _, part, digests in hash_suite(suite, lambda _: None, jobs=1):
        found.setdefault(part, []).append(digests)
    return found


def leak(parts, half, source, target, shard):
    content = list(getattr(parts[target][shard], half))
    content[5] = getattr(parts[source][0], half)[7]
    parts[target][shard] = dataclasses.replace(parts[target][shard], **{half: content})


TWINS = ("twins/placebo", "twins/core", "twins/ctrl", "twins/unc", "twins/channel/background")
PLACES = [("train", "test", 0, 5), ("val", "test", 0, 5), *(("val", part, 0, 5) for part in TWINS)]


@pytest.mark.parametrize(("source", "target", "shard", "place"), [*PLACES, ("train", "twins/channel/color", 2, 53)])
@pytest.mark.parametrize("half", ["images", "captions"])
def test_what_leaks_is_named(parts, half, source, target, shard, place):
    check_leakage("small", parts)
    leak(parts, half, source, target, shard)
    told = (
        f"small: {half[:-1]} of {target} sample {place} is also that of {source} sample 7; change the scenario's seed"
    )
    with pytest.raises(FrozenDataError, match=told):
        check_leakage("small", parts)
