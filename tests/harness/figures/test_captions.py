from dataclasses import replace

from spurgen.harness.figures import captions
from spurgen.harness.figures.curves import with_curves


def test_a_caption_states_units_intervals_test_and_marks(mains):
    text = captions.estimates_caption(mains)
    assert text.startswith("Robust accuracy (the lowest accuracy, averaged over classes, of an alignment pattern) on ")
    for part in (
        "main-image and main-text", "means over n = 3 worlds with 95 % Student's t intervals",
        "moderated paired t-test over worlds, false discovery rate 5 % over all pairs of baselines",
        "Open: fewer than 3 worlds",
        "A name after >", "Dashed: the ideal observer",
    ):  # fmt: skip
        assert part in text


def test_the_caption_of_the_heat_map_says_what_dots_mean(mains):
    text = captions.patterns_caption(mains[0])
    assert "the channel conflicts with the class (full) or is aligned with it (open)" in text


def test_a_caption_does_not_explain_what_is_not_drawn(mains):
    ours = [entry for entry in mains[0].entries if entry.ranked and not entry.own]
    plain = replace(mains[0], entries=ours, ideal={})
    for text in (captions.estimates_caption([plain]), captions.reliance_caption(plain)):
        assert not {"Open", "after >", "Dashed"} & {word for word in ("Open", "after >", "Dashed") if word in text}
        assert "  " not in text


def test_every_caption_has_the_number_of_units(mains):
    sheet = mains[0]
    dose = captions.dose_caption([sheet], ["reliance"])
    made = [captions.reliance_caption(sheet), captions.patterns_caption(sheet), captions.curves_caption(sheet), dose,
            captions.surface_caption([sheet], "reliance", "core_size")]  # fmt: skip
    assert all("n = 3 worlds" in text for text in made)
    assert "core size (rows; 1: a radius of 19 % of the image's side)" in made[-1]


def test_figures_without_marks_name_the_rows_with_fewer_units_in_their_captions(mains):
    sheet = mains[0]
    (few,) = [entry.label for entry in sheet.entries if not entry.ranked]
    dose, surface = captions.dose_caption([sheet], ["reliance"]), captions.surface_caption([sheet], "reliance", "")
    made = [captions.patterns_caption(sheet), dose, surface]
    assert all(text.endswith(f" Not ranked: {few} (fewer than 3 worlds).") for text in made)
    assert few not in captions.curves_caption(sheet)  # it has no curves
    (curves, *_) = [entry.curves for entry in with_curves(sheet)]
    entries = [replace(entry, curves=curves) if entry.label == few else entry for entry in sheet.entries]
    assert few in captions.curves_caption(replace(sheet, entries=entries))


def test_captions_say_what_a_world_is(mains):
    sheet = mains[0]
    made = [
        captions.estimates_caption(mains), captions.reliance_caption(sheet), captions.patterns_caption(sheet),
        captions.curves_caption(sheet), captions.dose_caption([sheet], ["reliance"]),
        captions.surface_caption([sheet], "reliance", "core_size"),
    ]  # fmt: skip
    assert all(captions.WORLD in text for text in made)
    assert captions.WORLD not in captions.reliance_caption(replace(sheet, unit="seed"))


def test_rows_that_are_not_ranked_are_named_where_reasons_differ(mains):
    chance = "not significantly better than chance in test accuracy"
    entries = [replace(e, unranked=chance) if e.label == "jtt" else e for e in mains[0].entries]
    text = captions.estimates_caption([replace(mains[0], entries=entries)])
    assert f"Open: short (fewer than 3 worlds); jtt ({chance}), not compared." in text
