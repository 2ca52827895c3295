from spurgen.benchmark.suite import load_suite
from spurgen.generators import class_names
from spurgen.generators.naming import name_shown
from spurgen.harness.site.short_names import short_name


def test_of_alternatives_the_one_with_the_second_part_shown_is_named():
    scenario = load_suite("v2").tasks["composite-image"].in_world(0).scenario
    shows = name_shown(scenario, "test", 0)
    name = next(name for name in class_names(scenario) if shows in name)
    assert short_name(scenario, name, shows) == shows != name
    other = next(name for name in class_names(scenario) if shows not in name)
    part = shows.split()[0]
    assert short_name(scenario, other, shows) in other.split(" / ")
    assert short_name(scenario, other, shows).startswith(f"{part} ")
    several = short_name(scenario, f"{name} or {other}", shows)
    assert several == f"{shows} or {short_name(scenario, other, shows)}"


def test_a_second_part_behind_a_plus_is_found():
    scenario = load_suite("v2").tasks["composite-text"].in_world(0).scenario
    shows = name_shown(scenario, "test", 0)
    for name in class_names(scenario):
        assert short_name(scenario, name, shows).endswith(shows.partition(" + ")[2])


def test_a_name_without_alternatives_stays_whole(many, tiny):
    for material in (many, tiny):
        scenario = next(iter(material.suite.tasks.values())).in_world(0).scenario
        for name in class_names(scenario):
            assert short_name(scenario, name, name_shown(scenario, "test", 0)) == name
    assert short_name(scenario, "a / b", None) == "a / b"
