"""Groups from errors: what is inferred of a planted ERM, and that balanced softmax is trained on it."""

from dataclasses import replace

import torch

from spurgen.baselines import bsoftmax
from spurgen.baselines.controls import groups_from_errors
from spurgen.baselines.training.problem import Problem


def test_errors_of_erm_are_the_counterexamples_and_its_answers_the_rivals(make_data, make_context, monkeypatch):
    problem = Problem.of(make_data(), make_data(seed=1), make_context("multimodal"))
    given = {}

    def keep(of, hyper):
        given.update(train=of.train, hyper=hyper)

    monkeypatch.setattr(bsoftmax, "fit", keep)
    answers = (problem.train.labels + (torch.arange(len(problem.train)) % 5 == 0)) % problem.num_classes
    scores = torch.nn.functional.one_hot(answers, problem.num_classes).double()
    monkeypatch.setattr(groups_from_errors, "train", lambda *_, **__: None)
    monkeypatch.setattr(groups_from_errors, "logits", lambda *_: scores)
    blind = replace(problem, train=replace(problem.train, group_ids=None, channel_values=None))
    groups_from_errors.fit(blind, groups_from_errors.submission.hyper("features"))
    wrong = answers != problem.train.labels
    assert given["train"].groups.tolist() == (2 * problem.train.labels + wrong).tolist()
    assert given["train"].channels["inferred"].tolist() == answers.tolist()
    assert given["train"].num_groups == 2 * problem.num_classes
