from threading import current_thread, main_thread
from types import SimpleNamespace

import pytest

from spurgen.harness.context.asking import ask
from spurgen.harness.context.episodes import RUNGS, SCHEMES, STATES, draw
from spurgen.harness.context.replies import Answer
from spurgen.harness.context.store import Answers, SpentError

PROMPTS = len(RUNGS) * len(SCHEMES)  # of an episode


@pytest.fixture
def model(tmp_path):
    """A model that answers `left` prompts, and then raises `end`; `threads` are those in which it was asked."""

    def answer(_):
        model.threads.append(current_thread())
        if len(model.threads) > model.left:
            raise model.end
        return [Answer(1.0)] * len(STATES)

    model = SimpleNamespace(answers=Answers(tmp_path), ask=answer, threads=[], left=PROMPTS * 2, end=SpentError)
    return model


@pytest.mark.parametrize(("jobs", "here"), [(1, True), (2, False)])
def test_one_prompt_at_a_time_is_asked_in_the_thread_that_signals_reach(model, jobs, here):
    asked = ask(model, [draw(0)], jobs, lambda: None)
    assert (asked.episodes, len(model.threads)) == (1, PROMPTS)
    assert {thread is main_thread() for thread in model.threads} == {here}


def test_episodes_count_that_are_whole_when_no_more_may_be_sent(model):
    model.left = PROMPTS + 3
    asked = ask(model, [draw(0), draw(1)], 1, lambda: None)
    assert asked.episodes == 1
    assert not model.answers.stopped.done()
    assert model.answers.limit == 0


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stop_sends_and_waits_for_nothing_more(model, jobs):
    model.left, model.end = 3, KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        ask(model, [draw(0)], jobs, lambda: None)
    assert model.answers.stopped.done()
    model.answers.pause(3600)  # returns at once
    model.answers.limit = None
    with pytest.raises(SpentError):
        model.answers.take()
