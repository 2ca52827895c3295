from spurgen.benchmark.scenario import make_scenario
from spurgen.generators import class_names


def test_a_class_has_the_name_of_its_pictogram():
    simple = make_scenario("test", suite="none", name="simple", seed=0, num_classes=3, channels={})
    assert class_names(simple) == ("heart", "arrow", "moon")
