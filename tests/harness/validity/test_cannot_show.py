"""Sentences on what a report cannot show: each is there exactly where it is true."""

import pytest

from spurgen.harness.validity import cannot_show


@pytest.fixture
def told(gathered):
    """Return a function that returns the sentences for rows, as one text."""

    def tell(rows, **gathering):
        return " ".join(cannot_show.examine(gathered(rows, **gathering)).sentences)

    return tell


def test_what_always_holds_is_said_even_without_rows(told):
    text = told({})
    assert "drawn by a program" in text
    assert "agreement with real data rests on published numbers" in text
    assert "The suite has no ranked rows" in text
    assert "quoted from Table 2 of the MEDRO paper" in text
    assert "no evidence about large pretrained models" not in text
    assert "training seeds" not in text


def test_networks_are_those_of_the_tasks_with_rows(told, make_outcomes):
    one = {"erm": {"signs-image": make_outcomes("erm")}}
    assert "on small networks trained from random weights. There is no evidence about large" in told(one)
    assert "so one that fails here may only be slow. What more epochs change is measured for ERM alone," in told(one)
    assert "may only be slow" not in told({})


def test_one_world_is_named_and_a_single_result_too(told, rows, make_outcomes):
    assert "One world: on signs-image, signs-text, " in told(rows)
    assert "has one result" not in told(rows)
    single = told({"erm": {"signs-image": make_outcomes("erm", seeds=1)}})
    assert "Every row of signs-image has one result" in single
    assert "One world" not in single


def test_training_data_that_ask_for_the_shortcut_are_named(told, rows):
    assert "ask for the shortcut in part" not in told(rows)
    asked = told(rows, ideals={"signs-text": (0.67, 0.1)})
    assert (
        "The training data of signs-text ask for the shortcut in part: the ideal observer's robust accuracy is 0.67."
        in asked
    )
    assert "What the training data of signs-text ask for is not stored" in told(rows, ideals={"signs-text": None})


def test_agreement_is_said_to_be_dominated_by_access_with_its_figures(told, rows):
    text = told(rows)
    assert "One bit, whether a method uses the group labels of train, has a median rho of " in text
    assert "the 95 % intervals of our median rho with these four are " in text
    assert "One bit" not in told(rows, published=())
    assert "MEDRO" not in told(rows, published=())


def test_the_section_stands_before_the_summary_and_has_no_verdict(gathered):
    section = cannot_show.examine(gathered({}))
    assert (section.passed, section.summary(), section.plot()) == (None, "", None)
    assert section.tables().startswith("- Every image and caption is drawn by a program.")
