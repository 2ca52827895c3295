"""The ideal observer against enumeration and frequencies; what counts as shown is what changes the input."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import aligned_values, check, sample, twins
from spurgen.generators.pictograms.law import UNSEEN, Evidence, evidence, ideal_observer
from spurgen.generators.pictograms.sampling import drawn, magnitudes

KINDS = ("color", "shape", "background")


def world(**fields):
    return make_scenario("test", suite="test", name="w", seed=3, **fields)


def probabilities(strength, num_classes):
    return strength if isinstance(strength, tuple) else (strength,) * num_classes


def enumerate_training(scenario):
    """Return Pr(label, class shown, values), by going through everything that can happen in turn."""
    classes = range(scenario.num_classes)
    environments = scenario.environments or (None,)
    weights = np.array([e.weight if e else 1.0 for e in environments])
    total = defaultdict(float)
    for (environment, weight), drawn_class, noisy in product(
        zip(environments, weights / weights.sum(), strict=True), classes, classes
    ):
        noise = scenario.label_noise
        chance = 1 - noise if noisy == drawn_class else noise / (scenario.num_classes - 1)
        label, core = (drawn_class, noisy) if scenario.noise_kind == "core" else (noisy, drawn_class)
        followed = label if scenario.noise_kind == "core" else core
        start = weight * chance / scenario.num_classes
        for values, probability in every_draw(scenario, environment, followed):
            for final, redrawn in withhold(scenario, core, values):
                total[label, core, *final] += start * probability * redrawn
    return total


def every_draw(scenario, environment, followed):
    """Yield the values of all channels before any is redrawn, and their probability given the class they follow."""
    for values in product(*(range(channel.values) for channel in scenario.channels.values())):
        probability = 1.0
        for (name, channel), value in zip(scenario.channels.items(), values, strict=True):
            strength = environment.strength.get(name, channel.strength) if environment else channel.strength
            strength = probabilities(strength, scenario.num_classes)[followed]
            goes = aligned_values(scenario, name)[:, followed]
            share = strength / goes.sum() if goes[value] else (1 - strength) / (~goes).sum()
            probability *= share
        yield values, probability


def withhold(scenario, core, values):
    """Yield the values once withheld combinations are redrawn, and their probability."""
    outcomes = [(values, 1.0)]
    names = list(scenario.channels)
    for combination in scenario.withheld:
        redrawn = [key for key in combination if key != "class"][-1]
        treated = []
        for before, probability in outcomes:
            if not occurs(combination, core, dict(zip(names, before, strict=True))):
                treated.append((before, probability))
                continue
            options = []
            for value in range(scenario.channels[redrawn].values):
                row = dict(zip(names, before, strict=True)) | {redrawn: value}
                if not any(occurs(other, core, row) for other in scenario.withheld if redrawn in other):
                    options.append(tuple(row.values()))
            treated += [(option, probability / len(options)) for option in options]
        outcomes = treated
    return outcomes


def occurs(combination, core, row):
    return all((core if key == "class" else row[key]) == value for key, value in combination.items())


def enumerated(scenario, core, values):
    """Return Pr(label, what is shown) by enumeration, float64 (K,)."""
    likelihoods = np.zeros(scenario.num_classes)
    for (label, *parts), probability in enumerate_training(scenario).items():
        if all(see in (UNSEEN, is_) for see, is_ in zip((core, *values), parts, strict=True)):
            likelihoods[label] += probability
    return likelihoods


@st.composite
def scenarios(draw):
    num_classes = draw(st.sampled_from([2, 3, 4]))
    fraction = st.sampled_from([0.0, 0.1, 0.35, 0.8, 1.0])
    strength = fraction | st.tuples(*[fraction] * num_classes)
    names = KINDS[: draw(st.integers(1, 2))]
    channels = {}
    for name in names:
        alignment = draw(st.sampled_from(["one-to-one", "many-to-many"]))
        channels[name] = {
            "values": draw(st.integers(3, 4)), "strength": draw(strength), "alignment": alignment,
            "hidden": draw(st.booleans()),
        }  # fmt: skip
    environments = []
    for name in draw(st.sampled_from(["", "a", "ab"])):
        weight, strengths = draw(st.sampled_from([1.0, 3.0])), {draw(st.sampled_from(names)): draw(strength)}
        environments.append({"name": name, "weight": weight, "strength": strengths})
    keys = ("class", *names)
    sizes = {"class": num_classes, **{name: c["values"] for name, c in channels.items()}}
    withheld = []
    for _ in range(draw(st.integers(0, 3))):
        chosen = draw(st.permutations(keys))[: draw(st.integers(2, len(keys)))]
        withheld.append({key: draw(st.integers(0, sizes[key] - 1)) for key in chosen})
    fields = {"label_noise": draw(st.sampled_from([0.0, 0.2])), "noise_kind": draw(st.sampled_from(["core", "label"]))}
    return world(num_classes=num_classes, channels=channels, environments=environments, withheld=withheld, **fields)


@settings(max_examples=60)
@given(scenarios(), st.data())
def test_likelihoods_are_those_of_enumeration(scenario, data):
    try:
        check(scenario)
    except ScenarioError:
        assume(False)
    unseen = st.just(UNSEEN)
    core = data.draw(st.integers(0, scenario.num_classes - 1) | unseen)
    values = {n: data.draw(st.integers(0, c.values - 1) | unseen) for n, c in scenario.channels.items()}
    observed = Evidence(np.array([core]), {n: np.array([v]) for n, v in values.items()})
    likelihoods = ideal_observer(scenario).likelihoods(observed)[0]
    expected = enumerated(scenario, core, values.values())
    np.testing.assert_allclose(likelihoods, expected, atol=1e-8)
    share = expected / expected.sum() if expected.sum() else np.full(scenario.num_classes, 1 / scenario.num_classes)
    if expected.sum() > 1e-6 or not expected.sum():
        np.testing.assert_allclose(ideal_observer(scenario).probabilities(observed)[0], share, atol=1e-5)


def test_many_samples_at_once_are_weighed_as_each_alone(monkeypatch):
    scenario = world(
        num_classes=3, channels={"color": {"values": 4}, "shape": {"values": 3}}, label_noise=0.2,
        withheld=[{"class": 1, "shape": 0}, {"color": 2, "shape": 1}],
    )  # fmt: skip
    options = [(-1, 0, 2), (-1, 3, 2, 0), (-1, 1, 0, 2)]
    core, color, shape = np.array(list(product(*options))).T
    together = Evidence(core, {"color": color, "shape": shape})
    observer = ideal_observer(scenario)
    whole = observer.likelihoods(together)
    alone = [observer.likelihoods(together.take(slice(k, k + 1)))[0] for k in range(len(core))]
    np.testing.assert_allclose(whole, alone)
    monkeypatch.setattr("spurgen.generators.pictograms.law.CELLS", 20)
    np.testing.assert_allclose(observer.likelihoods(together), alone)


@pytest.mark.parametrize(
    "fields",
    [
        {"label_noise": 0.3},
        {"label_noise": 0.3, "noise_kind": "label"},
        {
            "withheld": [{"class": 0, "color": 1}, {"color": 2, "shape": 0}, {"shape": 1, "color": 0}],
            "label_noise": 0.1,
        },
    ],
    ids=["core noise", "label noise", "withheld"],
)
def test_likelihoods_are_the_frequencies_of_drawn_samples(fields):
    channels = {
        "color": {"values": 4, "strength": (0.9, 0.6, 0.7, 0.5), "alignment": "many-to-many"},
        "shape": {"values": 3, "strength": 0.8},
    }
    environments = [{"name": "a"}, {"name": "b", "strength": {"color": 0.2, "shape": (0.1, 0.5, 0.4, 0.9)}}]
    more = {"core_visibility": 0.8, "caption_fidelity": 0.7, "environments": environments}
    scenario = world(num_classes=4, channels=channels, **more, **fields)
    kinds, frequencies, likelihoods = counted(scenario, "text")
    # what is shown of a sample is independent of the rest: weigh by the probability of showing exactly that
    chances = [np.where(column == UNSEEN, 1 - p, p) for column, p in zip(kinds.T, (0.8, 0.7, 0.7), strict=True)]
    np.testing.assert_allclose(frequencies, likelihoods * np.prod(chances, axis=0)[:, None], atol=0.0015)


def counted(scenario, modality, count=200_000):
    """Return what samples show, int64 (k, 1 + channels), how often with each label, and the likelihood: (k, K) each."""
    made = drawn(scenario, "train", np.arange(count))
    observed = evidence(made, modality)
    rows = np.stack([observed.core, *observed.values.values()], axis=1)
    kinds, which = np.unique(rows, axis=0, return_inverse=True)
    frequencies = np.zeros((len(kinds), scenario.num_classes))
    np.add.at(frequencies, (which.reshape(-1), made.factors.labels), 1 / count)
    columns = dict(zip(scenario.channels, kinds.T[1:], strict=True))
    return kinds, frequencies, ideal_observer(scenario).likelihoods(Evidence(kinds[:, 0], columns))


def test_too_many_withheld_channels_are_an_error():
    channels = {f"c{k}": {"kind": kind} for k, kind in enumerate((*KINDS, "voice", "synonym"))}
    scenario = world(
        channels={name: channel | {"carrier": "caption"} for name, channel in channels.items()},
        withheld=[{f"c{k}": 0, f"c{k + 1}": 0} for k in range(4)],
    )  # fmt: skip
    with pytest.raises(
        ScenarioError, match=r"withheld: its combinations join c0, .*10,000,000 cells.*handles 5,000,000"
    ):
        ideal_observer(scenario)


ROWS = np.arange(60)
FAINT = 25  # a magnitude of 256 below which a value may change no pixel
FAINT_CHANNELS = {
    "color": {"carrier": "both", "magnitude": 0.2, "variance": 0.5},
    "background": {"carrier": "caption"},
    "lighting": {"carrier": "image"},
    "shape": {"carrier": "image", "magnitude": 0.0},
}
TINTED = FAINT_CHANNELS | {"tint": {"carrier": "image"}}  # shown on the pictogram, which is not always drawn


def faint_world(**fields):
    sizes = {"train": 10, "val": 10, "test_per_group": 1, "twins": 60}
    defaults = {"num_classes": 4, "channels": FAINT_CHANNELS, "caption_fidelity": 0.6, "core_visibility": 0.7}
    return make_scenario(
        "test", suite="test", name="w", seed=4, image_size=32, splits=sizes, **(defaults | fields)
    )  # fmt: skip


def changes(spec, modality, kind, channel=None, value=None):
    """Return which samples' inputs differ from their twins', bool (n,)."""
    base, twin = sample(spec, "test", ROWS), twins(spec, "test", ROWS, kind, channel, value)
    changed = np.zeros(len(ROWS), bool)
    if modality != "text":
        changed |= (base.images != twin.images).reshape(len(ROWS), -1).any(axis=1)
    if modality != "image":
        changed |= np.array(base.captions) != np.array(twin.captions)
    return changed


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
@pytest.mark.parametrize("captions", ["plain", "natural"])
@pytest.mark.parametrize("channel", TINTED)
def test_a_channel_is_shown_where_its_value_changes_the_input(modality, captions, channel):
    spec = faint_world(captions=captions, channels=TINTED)
    made = drawn(spec, "test", ROWS)
    shown = evidence(made, modality).values[channel]
    true = made.factors.values[channel]
    assert set(shown[shown != UNSEEN]) <= set(true)
    assert (shown[shown != UNSEEN] == true[shown != UNSEEN]).all()
    changed = changes(spec, modality, "channel", channel, (true + 1) % 10)
    faint = np.zeros(len(ROWS), bool)
    if modality != "text" and TINTED[channel]["carrier"] != "caption":
        faint = (magnitudes(made.world, channel, made.nuisance) < FAINT) & (shown != UNSEEN)
    assert (changed == (shown != UNSEEN))[~faint].all()
    if channel == "color":
        assert 0 < (shown == UNSEEN).sum() < 60


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
@pytest.mark.parametrize("fields", [{"core_carrier": "both"}, {"core_carrier": "image"}, {"core_carrier": "caption"},
                                    {"core_contrast": 0.0}])  # fmt: skip
def test_the_class_is_shown_where_it_changes_the_input(modality, fields):
    spec = faint_world(**fields)
    made = drawn(spec, "test", ROWS)
    shown = evidence(made, modality).core
    assert (changes(spec, modality, "core") == (shown != UNSEEN)).all()
    assert (shown[shown != UNSEEN] == made.factors.core[shown != UNSEEN]).all()
    nowhere = (modality, *fields.values()) in {("text", "image"), ("image", "caption"), ("image", 0.0)}
    assert (shown != UNSEEN).mean() == pytest.approx(0 if nowhere else 0.7, abs=0.15)


@pytest.mark.parametrize("kind", ["channel", "core", "ctrl", "unc", "placebo"])
def test_twins_show_their_own_values(kind):
    spec = faint_world(core_visibility=1.0, caption_fidelity=1.0)
    argument = ("background", 3) if kind == "channel" else ()
    twin = twins(spec, "test", ROWS, kind, *argument, images=False)
    shown = evidence(drawn(spec, "test", ROWS, kind, *argument), "text")
    assert (shown.core == twin.labels).all()
    assert (shown.values["background"] == twin.channel_values["background"]).all()
    assert (shown.values["lighting"] == UNSEEN).all()
