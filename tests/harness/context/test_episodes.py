import json
import re

import numpy as np
import pytest

from spurgen.generators.things.nouns import THINGS
from spurgen.generators.things.world import FORMS
from spurgen.harness.context.episodes import CLASSES, LADDER, RUNGS, SHOWN, STATES, Scores, bayes_odds, draw, probe_odds
from spurgen.harness.context.report import GOAL, report_of
from spurgen.harness.results.store import IN_CONTEXT, SHIPPED
from spurgen.harness.statistics.needed import needed

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


EPISODES = 12
MISLED = np.array(STATES) == "mislead"


@pytest.fixture(scope="module")
def episodes():
    return [draw(number) for number in range(EPISODES)]


def scores(toward, bias=0.0, seed=0):
    """Scores of a model whose log-odds of the right class are `toward`, (Q,) or more; labels are drawn."""
    second = np.random.default_rng(seed).integers(2, size=EPISODES)
    sign = np.where(second == 1, 1, -1)[:, None, None] * np.where(CLASSES == 1, 1, -1)
    return Scores(np.broadcast_to(toward, (EPISODES, len(RUNGS), len(STATES))) * sign + bias, second)


def test_a_habit_of_one_label_cancels_in_pairs_and_is_taken_off_by_other_episodes():
    found = scores(np.ones(len(STATES)), bias=5.0)
    assert (found.pairs("mislead") == 1).all()
    assert (found.answers(calibrated=False) == 0.5).all()
    assert (found.answers(calibrated=True) == 1).all()
    assert found.margins() == pytest.approx(np.ones((EPISODES, len(RUNGS))))


def test_answers_are_calibrated_by_other_episodes_alone():
    sides = np.where(CLASSES == 1, 1.0, -1.0)
    habits = np.array([1.5, 0.0])[:, None, None]  # the mean of both would right the first episode's answers
    odds = np.broadcast_to(habits + sides, (2, len(RUNGS), len(STATES)))
    assert (Scores(odds, np.ones(2, int)).answers(calibrated=True) == 0.5).all()


def test_who_follows_the_shortcuts_is_wrong_where_they_mislead_alone():
    found = scores(np.where(MISLED, -2.0, np.where(np.array(STATES) == "agree", 2.0, 0.0)))
    assert (found.pairs("mislead") == 0).all()
    assert (found.pairs("agree") == 1).all()
    assert (found.pairs("neutral") == 0.5).all()
    assert (found.answers(calibrated=False) == 0).all()
    assert found.margins() == pytest.approx(-2)
    assert needed(found.pairs("mislead")[:, 1:], GOAL).text == ">16"


def test_a_query_without_an_answer_is_wrong_and_tells_no_pair_apart():
    found = scores(np.where(np.arange(len(STATES)) == 0, np.nan, 1.0))
    assert (found.answers(calibrated=False) == 0.75).all()
    assert (found.pairs("mislead") == 0.75).all()  # two of four pairs lack an answer
    nothing = scores(np.full(len(STATES), np.nan))
    assert (nothing.pairs("mislead") == 0.5).all()
    assert (nothing.answers(calibrated=False) == 0).all()


def test_a_constant_answerer_is_at_chance_and_a_tie_counts_half():
    for bias in (0.0, 5.0, -0.1):
        constant = scores(np.zeros(len(STATES)), bias)
        assert (constant.answers(calibrated=True) == 0.5).all()
        assert (constant.answers(calibrated=False) == 0.5).all()
    first_tied = scores(np.where(np.arange(len(STATES)) == 0, 0.0, 1.0))
    assert (first_tied.answers(calibrated=False) == 0.875).all()


@pytest.mark.parametrize("path", sorted((SHIPPED / IN_CONTEXT).glob("*.json")), ids=lambda path: path.stem)
def test_every_line_of_the_package_follows_from_its_log_odds(path):
    row = json.loads(path.read_text())
    learners = {}
    for each in row["log_odds"]:
        kinds = learners.setdefault(each["model"], {})
        kinds[each["labels"] or ""] = Scores(np.array(each["odds"], float), np.array(each["second"]))
    assert json.loads(report_of(row["model"], row["source"], learners).to_json()) == row


def test_one_episode_has_no_others_to_be_calibrated_by():
    one = scores(np.ones(len(STATES)))
    alone = Scores(one.odds[:1], one.second[:1])
    assert np.isnan(alone.answers(calibrated=True)).all()
    assert (alone.answers(calibrated=False) == 1).all()


def test_the_exact_learner_needs_one_counterexample(episodes):
    odds = np.array([[bayes_odds(e.demonstrations[m], e.queries) for m in RUNGS] for e in episodes])
    found = Scores(odds, np.ones(EPISODES, int))
    assert found.pairs("mislead").mean(axis=0).tolist() == [0, 1, 1, 1, 1, 1]
    assert (found.pairs("agree") == 1).all()
    assert (found.pairs("neutral") == 1).all()  # neutral values say nothing, the thing does
    assert needed(found.pairs("mislead")[:, 1:], GOAL).text == "<=1"
    third = np.log(0.99 + 3 * 0.01) - np.log(0.01 + 3 * 0.99)  # without counterexamples: one hypothesis against three
    assert found.toward[:, 0, MISLED] == pytest.approx(third)


def test_a_probe_reads_what_its_features_show_of_the_same_demonstrations(episodes):
    classes = {t: c for e in episodes for q in (*e.demonstrations.values(), e.queries)
               for t, c in zip(q.texts, q.classes.tolist(), strict=True)}  # fmt: skip

    def encode(texts):
        return np.array([[1.0, 2 * classes[text] - 1] for text in texts], np.float32)

    for odds in probe_odds(episodes[:2], encode).values():
        assert odds.shape == (2, len(RUNGS), len(STATES))
        assert ((odds > 0) == (CLASSES == 1)).all()
