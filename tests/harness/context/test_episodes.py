import re

import numpy as np

from spurgen.generators.things.captions import FORMS
from spurgen.generators.things.nouns import THINGS
from spurgen.harness.context.episodes import LADDER, RUNGS, SHOWN, STATES, draw

NOUNS = {thing.noun for thing in THINGS}


def misled(captions):
    return (captions.values != captions.classes[:, None]).any(axis=1)


def test_a_rung_has_as_many_counterexamples_which_all_higher_rungs_have_in_the_same_places():
    for number in range(4):
        shown = draw(number).demonstrations
        before = np.zeros(SHOWN, bool)
        for rung in RUNGS:
            now, captions = misled(shown[rung]), shown[rung]
            assert now.sum() == rung
            assert (now | ~before).all()
            assert np.bincount(captions.classes).tolist() == [SHOWN // 2] * 2
            assert (captions.values[now] == 1 - captions.classes[now, None]).all()
            kept = [one == other for one, other in zip(captions.texts, shown[0].texts, strict=True)]
            assert kept == (~now).tolist()
            before = now


def test_queries_mislead_agree_or_show_values_that_go_with_no_class():
    queries = draw(3).queries
    state = np.array(STATES)
    assert (queries.values[state == "mislead"] == 1 - queries.classes[state == "mislead", None]).all()
    assert (queries.values[state == "agree"] == queries.classes[state == "agree", None]).all()
    assert (queries.values[state == "neutral"] >= LADDER.num_classes).all()


def test_no_query_shows_a_thing_of_the_demonstrations():
    episode = draw(5)
    shown = " ".join(text.lower() for captions in episode.demonstrations.values() for text in captions.texts)
    for text in episode.queries.texts:
        named = max((noun for noun in NOUNS if f"{noun} " in text.lower() or f"{noun}," in text.lower()), key=len)
        assert f"{named} " not in shown
        assert f"{named}," not in shown


def test_letters_are_assigned_by_episode_and_names_are_not():
    episodes = [draw(number) for number in range(40)]
    swapped = [each.swapped for each in episodes]
    assert 10 <= sum(swapped) <= 30
    for each in (episodes[swapped.index(True)], episodes[swapped.index(False)]):
        assert each.second("named") == 1
        prompt, captions = each.prompt(4, "arbitrary"), each.demonstrations[4]
        labels = [line[-1] for line in prompt.texts[0].splitlines() if line.startswith("Label: ")]
        letters = "BA" if each.swapped else "AB"
        assert labels == [letters[k] for k in captions.classes]
        assert prompt.labels[each.second("arbitrary")] == letters[1]
        assert each.prompt(4, "named").texts[7].endswith(f"Caption: {each.queries.texts[7]}\nLabel:")


def test_an_episode_is_the_same_whenever_it_is_drawn_and_others_differ():
    assert draw(2).prompt(8, "arbitrary") == draw(2).prompt(8, "arbitrary")
    assert not {*draw(2).queries.texts} & {*draw(3).queries.texts}


def test_all_captions_of_an_episode_have_one_form_and_episodes_have_all_forms():
    def form_of(number):
        captions = [*draw(number).demonstrations[0].texts, *draw(number).queries.texts]
        kinds = [re.sub(r"\\{(thing|wall|place)\\}", "(.+)", re.escape(form)) for form, _ in FORMS]
        fitting = [k for k, kind in enumerate(kinds) if all(re.fullmatch(kind, text, re.I) for text in captions)]
        assert len(fitting) == 1
        return fitting[0]

    assert {form_of(number) for number in range(60)} == {*range(len(FORMS))}
