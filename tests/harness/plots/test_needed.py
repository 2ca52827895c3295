import pytest

from spurgen.harness.plots.needed import Group, Learner, Scale, draw_needed, places

LADDER, CONTEXT = Scale("needed, on a ladder", 8, 128), Scale("needed, in context", 1, 16)
GROUPS = [
    Group(
        "Heads", "<=8",
        [Learner("ERM", {"text": "56 [48, 63]", "image": ">128 [66, >128]"}), Learner("CDA", {"text": "<=8"})],
        LADDER,
    ),
    Group("In context", "<=1", [Learner("a model", {"text": "4"})], CONTEXT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where"),
    [("56 [48, 63]", [56, 48, 63]), ("<=8", [8 / 1.3]), (">128 [66, >128]", [128 * 1.3, 66, 128 * 1.3]), ("", [])],
)
def test_a_number_beyond_the_rungs_lies_beyond_them(text, where):
    assert places(text) == pytest.approx(where)


def test_every_number_is_a_mark_and_a_text_and_each_group_has_its_own_ideal_observer(check_layout):
    figure = draw_needed(GROUPS)
    assert {"Heads", "ERM", "56", ">128", "≤8", "4", "captions", "images", "ideal observer"} <= {*check_layout(figure)}
    points = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 1]
    assert [point.get_xdata()[0] for point in points] == pytest.approx([56, 128 * 1.3, 8 / 1.3, 4])
    assert [point.get_markerfacecolor() == "white" for point in points] == [False, True, True, False]
    dashed = [line for axes in figure.axes for line in axes.lines if line.is_dashed()]
    assert [line.get_xdata()[0] for line in dashed] == pytest.approx([8 / 1.3, 1 / 1.3])
    assert [list(line.get_ydata()) for line in dashed] == [[0.5, 2.5], [0.5, 1.5]]


def test_numbers_that_do_not_compare_have_axes_of_their_own(check_layout):
    figure = draw_needed(GROUPS)
    check_layout(figure)
    assert [axes.get_xlabel() for axes in figure.axes] == [LADDER.title, CONTEXT.title]
    ends = [axes.get_xlim() for axes in figure.axes]
    assert ends == [pytest.approx((8 / 1.5, 128 * 1.5)), pytest.approx((1 / 1.5, 16 * 1.5))]
    assert len(draw_needed([GROUPS[0], GROUPS[0]]).axes) == 1


def test_one_column_has_no_room_for_numbers(check_layout):
    assert "56" not in check_layout(draw_needed(GROUPS, 1))
