"""Querying a model about episodes, several prompts at a time; only complete episodes count."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from spurgen.harness.context.endpoint import Endpoint
from spurgen.harness.context.episodes import RUNGS, SCHEMES, STATES, Episode, Prompt
from spurgen.harness.context.local import Local
from spurgen.harness.context.replies import Answer
from spurgen.harness.context.scores import Scores
from spurgen.harness.context.store import SpentError

Model = Endpoint | Local


class Asked(NamedTuple):
    """Scores by kind of labels, over the first episodes that are complete; and how many answers named no label."""

    scores: dict[str, Scores]
    episodes: int
    unread: int


def prompts_of(episodes: Iterable[Episode]) -> list[Prompt]:
    """Return all prompts, episode by episode."""
    return [each.prompt(rung, scheme) for each in episodes for scheme in SCHEMES for rung in RUNGS]


def ask(model: Model, episodes: Sequence[Episode], jobs: int, advance: Callable[[], None]) -> Asked:
    """Ask `jobs` prompts at a time, until all are answered or no more requests may be sent.

    Raises what the model raises; answers so far are stored. Ctrl-C and SIGTERM end it at once.
    """
    answers: list[list[Answer]] = []
    pool = ThreadPoolExecutor(jobs)
    try:
        with model.answers.stopped_by_signals():
            asked = [partial(model.ask, prompt) for prompt in prompts_of(episodes)]
            # One at a time is asked in this thread, which a signal can interrupt while it computes.
            for result in asked if jobs == 1 else [pool.submit(each).result for each in asked]:
                answers.append(result())
                advance()
    except SpentError:
        pass
    finally:
        model.answers.limit = 0  # prompts in progress send no more requests, but their last replies are stored
        with model.answers.stopped_by_signals():
            pool.shutdown(cancel_futures=True)
    whole = len(answers) // (len(SCHEMES) * len(RUNGS))
    found = answers[: whole * len(SCHEMES) * len(RUNGS)]
    odds = np.array([answer.odds for each in found for answer in each], dtype=float)  # None becomes NaN
    by_scheme = odds.reshape(whole, len(SCHEMES), len(RUNGS), len(STATES))
    scores = {
        scheme: Scores(by_scheme[:, k], np.array([each.second(scheme) for each in episodes[:whole]], np.int64))
        for k, scheme in enumerate(SCHEMES)
    }
    return Asked(scores, whole, sum(answer.unread for each in found for answer in each))
