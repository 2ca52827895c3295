from dataclasses import replace
from types import SimpleNamespace

from spurgen.benchmark.contract import ACCESS
from spurgen.generators.sampling import CORE_RADIUS
from spurgen.harness.figures import captions
from spurgen.harness.figures.terms import DIALS, PULL, SHOWN_TO, access_defined, val_defined
from spurgen.harness.statistics.estimate import Estimate


def test_every_access_tier_is_defined_and_a_caption_has_those_of_its_rows(mains):
    assert {*SHOWN_TO} == {*ACCESS}
    text = access_defined(mains[0].entries)
    assert all(f"{tier}, {SHOWN_TO[tier]}" in text for tier in ("none", "val_groups", "train_groups"))
    assert "twins" not in text
    for caption in (captions.estimates_caption(mains), captions.reliance_caption(mains[0]),
                    captions.patterns_caption(mains[0]), captions.curves_caption(mains[0])):  # fmt: skip
        assert text in caption


def test_captions_of_reliance_define_the_pull_and_the_scale(mains):
    surface = captions.surface_caption([mains[0]], "reliance", "core_size")
    for text in (captions.reliance_caption(mains[0]), surface):
        assert PULL in text
        assert "1: reads nothing else, 0: ignores it" in text
    assert PULL not in captions.surface_caption([mains[0]], "robust_accuracy", "core_size")


def test_the_caption_of_a_surface_explains_half_widths_where_there_are_any(mains):
    half = "±: half the width of 95 % Student's t intervals"
    assert half in captions.surface_caption([mains[0]], "robust_accuracy", "core_size")
    bare = [replace(e, estimates={"robust_accuracy": Estimate(0.5)}) for e in mains[0].entries]
    assert half not in captions.surface_caption([replace(mains[0], entries=bare)], "robust_accuracy", "core_size")


def test_the_unit_of_the_core_size_is_that_of_the_generator():
    assert f"{100 * CORE_RADIUS / (1 << 16):.0f} % of the image's side" in DIALS["core_size"]


def test_the_caption_of_curves_says_which_tiers_have_balanced_val_samples(mains):
    assert val_defined(mains[0]) == ""  # the scenario has none
    scenario = SimpleNamespace(num_balanced_val=1600, splits=SimpleNamespace(val=4000))
    sheet = replace(mains[0], task=SimpleNamespace(scenario=scenario))
    text = captions.curves_caption(sheet)
    assert "rows of none have only the val samples that are drawn as train is" in text
    assert "those of val_groups and train_groups also have 1,600 that are balanced over groups, 40 % of their" in text
    plain = [entry for entry in sheet.entries if entry.access == "none"]
    assert val_defined(replace(sheet, entries=plain)) == ""
