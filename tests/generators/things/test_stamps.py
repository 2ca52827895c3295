import numpy as np

from spurgen.generators.things import stamps
from spurgen.generators.things.nouns import SIDE, picture_atlas


def test_texels_are_premultiplied_and_surrounded_by_an_empty_margin():
    picture = np.zeros((1, 3, 3, 4), np.uint8)
    picture[0, 1, 2] = 200, 100, 7, 51  # alpha of a fifth
    texels, _ = stamps.pack(picture)
    (row,), (column,) = np.nonzero(texels[0])
    assert (row, column) == (stamps.MARGIN + 1, stamps.MARGIN + 2)
    assert texels[0, row, column].tobytes() == bytes([40, 20, 1, 51])
    assert texels.shape == (1, 3 + 2 * stamps.MARGIN, 3 + 2 * stamps.MARGIN)


def test_near_marks_the_texels_around_a_coloured_one():
    picture = np.zeros((1, 3, 3, 4), np.uint8)
    picture[0, 0, 0] = 255
    _, near = stamps.pack(picture)
    rows, columns = np.nonzero(near[0])
    assert {*rows.tolist()} == {*columns.tolist()} == {stamps.MARGIN - 1, stamps.MARGIN, stamps.MARGIN + 1}
    assert near.sum() == 9


def test_pictures_of_things_keep_their_colours_where_they_are_opaque():
    texels, near = stamps.things()
    inside = slice(stamps.MARGIN, stamps.MARGIN + SIDE)
    packed = np.ascontiguousarray(texels[:3, inside, inside]).view(np.uint8).reshape(3, SIDE, SIDE, 4)
    opaque = picture_atlas()[:3, ..., 3] >= stamps.SOLID
    np.testing.assert_array_equal(packed[opaque][:, :3], picture_atlas()[:3][opaque][:, :3])
    assert (packed[opaque][:, 3] == 255).all()
    assert opaque.mean() > 0.3
    assert near[texels > 0].all()


def test_a_packed_picture_spans_its_margin_too():
    assert stamps.enlarged(np.array([SIDE])) == SIDE + 2 * stamps.MARGIN
