from spurgen.harness.site.moles import Mole, moles


def test_changes_are_against_erm_on_the_task_with_hidden_channels(many):
    (found,) = moles(many)
    assert (found.task, found.hidden) == ("pair-image", ["background"])
    assert {name for name, *_ in found.methods} == {"group_dro", "dfr"}
    for _, access, changes in found.methods:
        assert not changes["background"].told  # hidden from every method
        assert changes["color"].told == (access in ("val_groups", "train_groups"))


def test_a_suite_of_two_channels_has_no_moles(tiny):
    assert moles(tiny) == []


def test_colour_shows_direction_and_size_of_a_sure_change_only():
    assert Mole(-0.0123, True, False).text == "\N{MINUS SIGN}0.012"
    shades = [Mole(value, sure, False).shade for value, sure in ((0.01, True), (-0.5, True), (0.5, False))]
    assert shades == ["up-0", "down-2", "unsure"]
