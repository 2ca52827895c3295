"""The data of a rung: what training gets, what is asked, and the answers' metrics."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spurgen.benchmark.contract import Batch, LabeledData
from spurgen.benchmark.specs import is_baseline
from spurgen.benchmark.task import Rung
from spurgen.generators import Samples
from spurgen.generators.ladder.world import sample_part
from spurgen.harness import metrics
from spurgen.harness.metrics.calibration import largest_lead, with_leads_up_to
from spurgen.harness.results.answered import GROUPED, answered, scored_parts
from spurgen.harness.results.predicted import PREDICTED
from spurgen.harness.running.batching import CHUNK, Chunk
from spurgen.harness.running.features import features_of
from spurgen.harness.running.job import Job
from spurgen.harness.running.query import Asker, Floats, ask_mixed
from spurgen.harness.running.scoring import Scores, measured
from spurgen.harness.splits.freeze import SHARD

JOINT = "shortcuts"
"""Channel under which training knows the shortcuts' values: they move together, so one value stands for all."""


@dataclass(frozen=True)
class Part:
    """Samples of a part of a rung's world, and their inputs as a submission sees them."""

    samples: Samples
    inputs: Batch

    def take(self, chosen: slice) -> "Part":
        """Return the samples of a slice."""
        return Part(self.samples.take(chosen), self.inputs.take(chosen))


def make_part(job: Job, part: str, first: int = 0, last: int | None = None) -> Part:
    """Return samples [first, last) of a part, checked against the frozen ones.

    The shipped baselines get features instead of images and captions, unless they train the encoder.
    """
    rung = rung_of(job)
    chosen = range(rung.ladder.parts[part])[first:last]
    if is_baseline(job.spec) and rung.backbone == "frozen":
        samples = sample_part(rung.ladder, part, chosen, images=False, captions=False)
        known = features_of(rung, part, job.frozen, job.encoder)
        return Part(samples, Batch(None, None, known[chosen.start : chosen.stop]))
    shown = {"images": rung.modality != "text", "captions": rung.modality != "image"}
    shards = []
    for start in range(chosen.start - chosen.start % SHARD, chosen.stop, SHARD):
        shard = sample_part(rung.ladder, part, range(start, min(start + SHARD, rung.ladder.parts[part])), **shown)
        job.check_data(part, start, shard)
        shards.append(shard.take(slice(max(chosen.start - start, 0), max(chosen.stop - start, 0))))
    samples = Samples.join(shards)
    images, captions = (samples.images, samples.captions)
    return Part(
        samples.without_inputs(), Batch(images if shown["images"] else None, captions if shown["captions"] else None)
    )


def rung_of(job: Job) -> Rung:
    """Return a job's rung."""
    assert isinstance(job.task, Rung)
    return job.task


def fitted(job: Job, split: str) -> Part:
    """Return train or val of a rung, as `Ladder.pieces` says; of an uncorrelated job, `free` samples.

    A matched job has only the first free samples, as many as the rung has counterexamples.
    """
    rung = rung_of(job)
    if job.uncorrelated:
        free = "train/free" if split == "train" else "calibration"
        return make_part(job, free, 0, rung.counterexamples if job.matched and split == "train" else None)
    pieces = rung.ladder.pieces(split, rung.counterexamples)
    parts = [make_part(job, part, indices.start, indices.stop) for part, indices in pieces]
    return Part(Samples.join([part.samples for part in parts]), Batch.join([part.inputs for part in parts]))


def labeled(job: Job, split: str, part: Part, access: str) -> LabeledData:
    """Return what an access tier grants of train or val; twins are the same scenes with shortcuts at random.

    Of an uncorrelated job the values are those of the first shortcut, which the others do not share.
    """
    rung = rung_of(job)
    twins = None
    if access == "twins" and split == "train" and not job.uncorrelated:
        size, m = rung.ladder.train, rung.counterexamples
        order = np.concatenate([np.arange(size - m), size - 1 - np.arange(m)])
        twins = make_part(job, "train/free").inputs.take(order)
    data = LabeledData(
        batch=part.inputs,
        labels=part.samples.labels,
        num_groups=rung.num_groups,
        env_ids=part.samples.env_ids,
        group_ids=part.samples.group_ids,
        channel_values={JOINT: part.samples.channel_values[rung.channels[0]]},
        twins=twins,
    )
    return data.restrict(access, split)


@dataclass(frozen=True)
class Answers:
    """Logits float64 (n, K) and factors by part: `calibration`, and all of `test` and `seen`."""

    logits: dict[str, Floats]
    factors: dict[str, Samples]

    @property
    def temperature(self) -> float:
        """Temperature fitted on calibration."""
        return metrics.fit_temperature(self.logits["calibration"], self.factors["calibration"].labels)


def asked_parts(rung: Rung) -> dict[str, int]:
    """Return the sizes of the parts whose predictions are asked for."""
    return {"calibration": rung.ladder.parts["calibration"]} | scored_parts(rung)


def ask(asker: Asker, job: Job, seed: int) -> Answers:
    """Return the predictions on every asked part, in batches of an order that `seed` draws."""
    rng = np.random.default_rng(seed)
    pieces = [(part, k) for part, size in asked_parts(rung_of(job)).items() for k in range(0, size, CHUNK)]
    factors: dict[tuple[str, int], Samples] = {}

    def chunks() -> Iterator[Chunk]:
        for number in rng.permutation(len(pieces)):
            part, first = pieces[number]
            made = make_part(job, part, first, first + CHUNK)
            factors[part, first] = made.samples
            yield Chunk(part, first, made.inputs)

    logits = ask_mixed(asker, "logits", chunks(), rng, "test")
    joined = {part: Samples.join([factors[key] for key in sorted(factors) if key[0] == part]) for part, _ in factors}
    return Answers({str(part): found for part, found in logits.items()}, joined)


def score(rung: Rung, answers: Answers) -> Scores:
    """Compute every metric of a rung from a submission's predictions."""
    classes = {part: answers.logits[part].argmax(axis=1) for part in scored_parts(rung)}
    found = answered(rung, classes)
    sensitivities = {name: _sensitivities(rung, answers, name) for name in rung.channels}
    gaps = _invariance(answers)
    channels = {
        name: {"sss": float(each.mean()), "follows": found.follows[name]} for name, each in sensitivities.items()
    }
    values = {
        **found.metrics,
        "temperature": answers.temperature,
        "sss": float(np.mean([row["sss"] for row in channels.values()])),
        "ig": float(gaps.mean()),
        **measured(_answers(rung, answers)),
    }
    samples = {
        "correct": found.correct,
        PREDICTED: np.concatenate([*classes.values()]).astype(np.uint8)[None, :],
        "ig": gaps,
        **{f"sss/{name}": each for name, each in sensitivities.items()},
    }
    return Scores(values, channels, tuple(found.counts.correct.tolist()), samples)


def _answers(rung: Rung, answers: Answers) -> metrics.Answers:
    """Return what metrics are computed from that are files of their own, of the scenes that are in groups."""
    made = [answers.factors[part] for part in GROUPED]
    probs = metrics.softmax(np.concatenate([answers.logits[part] for part in GROUPED]), answers.temperature)
    return metrics.Answers(
        probs,
        np.concatenate([each.labels for each in made]),
        np.concatenate([each.group_ids for each in made]),
        {name: _twins(rung, answers, name) for name in rung.channels},
    )


def _twins(rung: Rung, answers: Answers, name: str) -> Floats:
    """Return the probabilities of a shortcut's twins, float64 (m, V, K)."""
    values, logits = rung.ladder.num_values, answers.logits[f"test/{name}"]
    probs: Floats = metrics.softmax(logits.reshape(values, len(logits) // values, -1), answers.temperature)
    return probs.transpose(1, 0, 2)


def _invariance(answers: Answers) -> Floats:
    """Return the invariance gap of each base sample: shortcuts that agree against shortcuts at random."""
    most = largest_lead(answers.logits["calibration"])
    free = with_leads_up_to(most, answers.logits["test/free"])
    agree = with_leads_up_to(most, answers.logits["test/agree"][: len(free)])
    gaps: Floats = metrics.invariance_gaps(agree, free, answers.factors["test/free"].labels, answers.temperature)
    return gaps


def _sensitivities(rung: Rung, answers: Answers, name: str) -> Floats:
    """Return each base sample's part of a shortcut's SSS, over all its values."""
    twins = _twins(rung, answers, name)
    bases = len(twins)
    base = metrics.softmax(answers.logits["test/agree"][:bases], answers.temperature)
    shifts: Floats = metrics.spurious_sensitivities(base, twins, answers.factors["test/agree"].labels[:bases])
    return shifts
