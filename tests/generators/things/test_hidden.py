"""What a ladder hides from training."""

import numpy as np

from spurgen.generators.things.world import _drawn as draw_part
from spurgen.generators.world import world_of


def factors(ladder, part, count=None):
    """Return the factors of a part's first samples."""
    return draw_part(world_of(ladder), part, np.arange(ladder.parts[part])[:count])[2]


def test_hidden_shortcuts_mislead_alone_in_counterexamples_of_their_own(ladder):
    world, told = ladder(hidden=("place", "wall")), ladder()
    for split in ("train", "val"):
        hidden, counter = (factors(world, f"{split}/{state}") for state in ("hidden", "counter"))
        for name in world.active:
            secret, known = (np.unique(made.values[name] != made.labels).tolist() for made in (hidden, counter))
            assert (secret, known) == (([True], [False]) if name in world.hidden else ([False], [True]))
        assert not hidden.counter.any()
        assert counter.counter.all()
        assert (hidden.things == factors(world, split, len(hidden.things)).things).all()
        np.testing.assert_array_equal(counter.values["hue"], factors(told, f"{split}/counter").values["hue"])
    mislead = factors(world, "test/mislead")
    assert all((mislead.values[name] != mislead.labels).all() for name in world.active)
    assert all((factors(world, "train").values[name] == factors(world, "train").labels).all() for name in world.active)
