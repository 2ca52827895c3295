"""Curves of rows over a ladder's rungs, beside their numbers."""

import re
from dataclasses import replace

from ladder_results import with_ceiling

from spurgen.harness.plots.style import DARK, METHODS, OTHER, TIERS
from spurgen.harness.site.build import STATIC
from spurgen.harness.site.climbing import climbing


def styles(shown):
    return [(line.style, line.name) for line, _ in shown.table]


def test_erm_and_the_best_of_each_tier_are_compared_and_on_side_ladders_erm_alone(steps_material):
    main = steps_material.ladders["few-text"]
    side = replace(main, main=False)
    whole = styles(climbing(steps_material, main))
    assert whole[0] == ("of-erm", "ERM")
    assert len(whole) > 2
    label = "jtt"
    own = ("of-val_groups own", styles(climbing(steps_material, main, label))[0][1])
    assert [style for style, _ in styles(climbing(steps_material, main, label))][:2] == [own[0], "of-erm"]
    assert styles(climbing(steps_material, side, label)) == [own, ("of-erm", "ERM")]
    assert styles(climbing(steps_material, side)) == whole


def test_one_rung_is_a_table_without_a_drawing(steps_material):
    climb = steps_material.ladders["few-text"]
    shown = climbing(steps_material, replace(climb, rungs=climb.rungs[1:2]))
    assert shown.rungs == [4]
    assert not shown.curve
    assert not shown.dashed


def test_a_table_has_a_value_per_rung_and_the_threshold_is_named_where_it_is_drawn(steps_material):
    climb = steps_material.ladders["few-text"]
    shown = climbing(steps_material, climb)
    assert shown.rungs == [0, 4, 16]
    assert all(len(texts) == 3 for _, texts in shown.table)
    assert shown.dashed
    assert "dashed" in shown.curve
    whole = climbing(steps_material, with_ceiling(climb, 1.0)).curve
    (threshold,) = re.findall('class="dashed" d="([^"]*)"', whole)
    heights = dict(re.findall('class="grid" d="([^"]*)"/><text [^>]*>([0-9]+)<', whole))
    assert heights[threshold] == "75"  # per cent, of a ceiling of 1
    bare = with_ceiling(climb, None)
    assert not climbing(steps_material, bare).dashed
    assert 'class="dashed"' not in climbing(steps_material, bare).curve


def test_a_row_keeps_the_colour_and_the_dashes_of_all_figures(steps_material):
    shown = climbing(steps_material, steps_material.ladders["few-text"], "subg")
    own, *others = (line for line, _ in shown.table)
    assert own.style == "of-train_groups own"
    assert f'stroke-dasharray="{" ".join(f"{2 * each:g}" for each in METHODS["subg"].dashes)}"' in shown.curve
    best = next(line for line in others if line.style == "of-train_groups")
    assert best.dashes != own.dashes


def test_the_pages_colours_are_those_of_the_figures():
    css = (STATIC / "base.css").read_text()
    tiers = {"erm": METHODS["erm"].colour} | {tier: look.colour for tier, look in TIERS.items()}
    for name, light in {**tiers, "other": OTHER.colour}.items():
        assert re.findall(rf"--{name}: (#\w+);", css) == [light, DARK[light]]
        assert f".of-{name} {{ color: var(--{name}); }}" in (STATIC / "site.css").read_text()
