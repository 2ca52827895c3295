import pytest

from spurgen.generators import aligned_values, class_names
from spurgen.harness.site.values import goes_with, other_value, value_name


@pytest.fixture
def task(tiny):
    return tiny.suite.tasks["small-both"]


def test_a_value_goes_with_the_classes_of_its_table(task):
    flags = aligned_values(task.scenario, "color")[0]
    names = [name for name, flag in zip(class_names(task.scenario), flags, strict=True) if flag]
    assert goes_with(task, "color", 0) == " or ".join(names)


def test_the_other_value_goes_with_another_class(task):
    table = aligned_values(task.scenario, "color")
    for label in range(3):
        own = int(table[:, label].argmax())
        value = other_value(task, "color", label, own)
        assert value != own
        assert not table[value, label]
        assert table[value].any()


def test_values_have_the_words_of_captions_or_of_the_channel(tiny, task):
    assert value_name(tiny.suite.tasks["small-image"], "color", 0)
    assert " " not in value_name(task, "color", 0).strip()
