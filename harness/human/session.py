"""A person's run through the protocol: which scene comes next, and what an answer adds."""

from collections.abc import Sequence
from dataclasses import dataclass

from spurgen.generators import Samples, sample
from spurgen.harness.human.answers import Answer, AnswerFile, Answers
from spurgen.harness.human.protocol import SPLITS, Phase, Protocol


class StaleReplyError(Exception):
    """A reply to another step than the current one, such as the second of a double click."""


@dataclass(frozen=True)
class Step:
    """A scene to show: the `place`-th of `total` of its phase; `number` counts all steps from 0.

    `label`: its letter. The person sees it before answering only in the study phase.
    """

    number: int
    phase: Phase
    place: int
    total: int
    index: int
    label: str


@dataclass(frozen=True)
class Feedback:
    """Whether a practice answer was right, and the right letter."""

    right: bool
    label: str


class Session:
    """One annotator's run: `step` is the scene to show now, None once every test scene is answered."""

    def __init__(self, protocol: Protocol, file: AnswerFile, answers: Answers) -> None:
        self.protocol = protocol
        self._file, self._given = file, list(answers.given)
        self._labels = {
            phase: dict(zip(scenes, _labels(protocol, phase, scenes), strict=True))
            for phase, scenes in protocol.scenes.items()
        }

    @property
    def step(self) -> Step | None:
        """The step to show now; None after the last one."""
        for phase, scenes in self.protocol.scenes.items():
            given = [answer for answer in self._given if answer.phase == phase]
            if len(given) < len(scenes) and not (phase == "practice" and self._learned(given)):
                index = scenes[len(given)]
                label = self.protocol.letters[self.protocol.header.classes.index(self._labels[phase][index])]
                return Step(len(self._given), phase, len(given) + 1, len(scenes), index, label)
        return None

    def scene(self, step: Step) -> Samples:
        """Render the sample of a step; of its image and caption what the task's modality has."""
        modality = self.protocol.task.modality
        return sample(
            self.protocol.task.scenario, SPLITS[step.phase], [step.index],
            images=modality != "text", captions=modality != "image",
        )  # fmt: skip

    def reply(self, number: int, letter: str | None, milliseconds: int) -> Feedback | None:
        """Store an answer to the current step; return what the person is told, which is nothing in the test.

        Raises `StaleReplyError` for a reply to another step, `ValueError` for a letter that stands for no class, and
        `WriteError` if the answer cannot be stored.
        """
        step = self.step
        if step is None or number != step.number:
            raise StaleReplyError
        choice = self._choice(step.phase, letter)
        answer = Answer(phase=step.phase, index=step.index, choice=choice, milliseconds=milliseconds)
        self._file.add(answer)
        self._given.append(answer)
        return Feedback(letter == step.label, step.label) if step.phase == "practice" else None

    def _choice(self, phase: Phase, letter: str | None) -> int | None:
        if phase == "study" and letter is None:
            return None
        if phase == "study" or letter is None or len(letter) != 1 or letter not in self.protocol.letters:
            raise ValueError(f"letter {letter!r} is no answer in the {phase} phase")
        return self.protocol.header.classes[self.protocol.letters.index(letter)]

    def _learned(self, practised: Sequence[Answer]) -> bool:
        right = [answer.choice == self._labels["practice"][answer.index] for answer in practised]
        return self.protocol.criterion.reached(right)


def _labels(protocol: Protocol, phase: Phase, scenes: Sequence[int]) -> list[int]:
    """Return the recorded labels of a phase's scenes, which label noise in train may have changed."""
    made = sample(protocol.task.scenario, SPLITS[phase], list(scenes), images=False, captions=False)
    return [int(label) for label in made.labels]
