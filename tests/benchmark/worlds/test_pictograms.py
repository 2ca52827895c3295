import hashlib
import json

import pytest

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.pictograms import Channel, Scenario, make_scenario
from spurgen.generators import check

FILE = """
suite = "t"
name = "w"
seed = 7

[channels.color]
strength = 0.5
"""


def world(**fields):
    channels = {"background": {}, "color": {}, "shape": {}}
    return make_scenario("w.toml", **{"suite": "t", "name": "w", "seed": 7, "channels": channels, **fields})


TWO = [{"name": "a"}, {"name": "b"}]
IMPOSSIBLE = [
    ({"num_classes": 1}, r"num_classes: .*greater than or equal to 2 \(got 1\)"),
    ({"num_classes": 21}, r"num_classes: .*less than or equal to 20 \(got 21\)"),
    ({"num_classes": 12, "first_class": 9}, r"first_class: classes 9 to 20 exceed the 20 there are"),
    ({"image_size": 31}, r"image_size: .*32 \(got 31\)"),
    ({"image_size": 513}, r"image_size: .*512 \(got 513\)"),
    ({"seed": -1}, r"seed: .*\(got -1\)"),
    ({"seed": 2**64}, rf"seed: .*\(got {2**64}\)"),
    ({"core_visibility": 1.2}, r"core_visibility: .*\(got 1.2\)"),
    ({"core_size": 0.2}, r"core_size: .*0.25 \(got 0.2\)"),
    ({"core_size": 1.6}, r"core_size: .*1.5 \(got 1.6\)"),
    ({"core_contrast": -0.1}, r"core_contrast: .*\(got -0.1\)"),
    ({"splits": {"twins": 9, "nuisance_twins": 10}}, r"splits.nuisance_twins: 10 exceeds twins, 9"),
    ({"worlds": 0}, r"worlds: .*\(got 0\)"),
    ({"splits": {"val": 799, "val_per_group": 10}}, r"splits.val_per_group: 800 balanced val samples, of 799 in all"),
    ({"core_contrast": float("nan")}, r"core_contrast: .*\(got nan\)"),
    ({"label_noise": 1.0}, r"label_noise: .*less than 1 \(got 1.0\)"),
    ({"caption_fidelity": 2}, r"caption_fidelity: .*\(got 2\)"),
    ({"seed": dict.fromkeys("abcdef", 1)}, r"seed: .*\(got \{'a': 1, 'b': 1, 'c': 1, 'd': 1, \.\.\.\}\)$"),
    ({"colour": 3}, r" colour: there is no such key; remove it or correct its name$"),
    ({"suite": "../v1"}, r"suite: .*\(got '../v1'\)"),
    ({"name": "a/b"}, r"name: .*\(got 'a/b'\)"),
    ({"channels": 3}, r"channels: .*\(got 3\)"),
    ({"channels": {"color": 3}}, r"channels.color: .*\(got 3\)"),
    ({"channels": {"color/unc": {"kind": "color"}}}, r"channels.color/unc: .*match pattern"),
    ({"channels": {"class": {"kind": "color"}}}, r"channels.class: a channel cannot be named class"),
    ({"channels": {"color": {"values": 1}}}, r"channels.color.values: .*\(got 1\)"),
    ({"channels": {"color": {"strength": 1.5}}}, r"channels.color.strength: .*\(got 1.5\)"),
    ({"channels": {"color": {"strength": [0.5, -1] * 5}}}, r"channels.color.strength.1: .*\(got -1\)"),
    ({"channels": {"color": {"strength": [0.5] * 3}}}, r"channels.color.strength: 3 values for 10 classes"),
    ({"channels": {"color": {"strength": "much"}}}, r"channels.color.strength: .*\(got 'much'\)"),
    ({"environments": 3}, r"environments: .*\(got 3\)"),
    ({"channels": {"color": {"carrier": "sound"}}}, r"channels.color.carrier: .*\(got 'sound'\)"),
    ({"channels": {"color": {"alignment": "none"}}}, r"channels.color.alignment: .*\(got 'none'\)"),
    ({"channels": {"color": {"magnitude": 1.1}}}, r"channels.color.magnitude: .*\(got 1.1\)"),
    ({"channels": {"color": {"variance": -1}}}, r"channels.color.variance: .*\(got -1\)"),
    ({"channels": {"color": {"size": 1}}}, r" channels.color.size: there is no such key"),
    ({"channels": {"color": {}, "hue": {"kind": "color"}}}, r"channels.hue: another one draws color in the image"),
    ({"environments": [{"name": "a", "weight": 0}]}, r"environments.0.weight: .*\(got 0\)"),
    ({"environments": [{"name": "a"}, {"name": "a"}]}, r"environments: each needs a name of its own, not a, a"),
    ({"environments": [{"name": "a", "strength": {"hue": 1}}]}, r"environment 'a': unknown channel 'hue'"),
    ({"environments": [{"name": "a", "strength": {"color": [1]}}]}, r"environment 'a', color: 1 values for 10 classes"),
    ({"environments": [{"name": "a", "strength": {"color": 7}}]}, r"environments.0.strength.color: .*\(got 7\)"),
    ({"core_size": []}, r"core_size: .*\(got \[\]\)"),
    ({"channels": {"color": {"strength": []}}}, r"channels.color.strength: 0 values for 10 classes"),
    ({"channels": {"color": {"values": 10**9}}}, r"channels.color.values: .*1000 \(got 1000000000\)"),
    ({"channels": {f"c{k}": {} for k in range(17)}}, r"channels: .*at most 16 items"),
    ({"environments": [{"name": "a", "weight": 1e308}]}, r"environments.0.weight: .*\(got 1e\+308\)"),
    ({"environments": [{"name": "a", "weight": float("inf")}]}, r"environments.0.weight: .*\(got inf\)"),
    ({"environments": [{"name": "a", "strength": {"color": -1}}]}, r"environments.0.strength.color: .*\(got -1\)"),
    ({"name": "a" * 101}, r"name: .*at most 100 characters"),
    ({"first_class": 16**5000}, r"first_class: .*\(got a whole number of 20,001 bits\)"),
    ({"x" * 99: 1}, r"'x+\.\.\.x+': there is no such key"),
    ({"withheld": [{"class": 1, "color": 16**5000}]}, r"withheld .*: color has the values 0 to 9"),
    ({"splits": {"train": 10**9}}, r"splits.train: .*10000000 \(got 1000000000\)"),
    ({"splits": {"test_per_group": 10**6}}, r"splits.test_per_group: 80,000,000 test samples in all, at most 10,000"),
    ({"withheld": [{"class": 1}]}, r"withheld {'class': 1}: name at least two"),
    ({"withheld": [{"class": 1, "hue": 1}]}, r"withheld .*: unknown channel 'hue'"),
    ({"withheld": [{"class": 10, "color": 1}]}, r"withheld .*: class has the values 0 to 9"),
    ({"withheld": [{"class": 1, "color": -1}]}, r"withheld .*: color has the values 0 to 9"),
    ({"splits": {"train": 0}}, r"splits.train: .*\(got 0\)"),
    ({"splits": {"val": 800, "val_per_group": 10}}, r"splits.val_per_group: 800 balanced val samples, of 800 in all"),
    ({"withheld": [{"class": 1, "color": 1}], "splits": {"val_per_group": 10}}, r"withheld: val cannot be balanced"),
    ({"splits": {"test_per_group": 1, "twins": 81}}, r"splits.twins: 81 exceeds the 80 test samples"),
]


@pytest.mark.parametrize(("fields", "message"), IMPOSSIBLE)
def test_an_impossible_scenario_is_an_error_with_the_field_and_the_value(fields, message):
    with pytest.raises(ScenarioError, match=message) as caught:
        world(**fields)
    assert str(caught.value).startswith("w.toml is not a possible scenario: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("sizes", "twins"), [({}, 1000), ({"test_per_group": 2}, 160), ({"twins": 7}, 7)])
def test_by_default_at_most_1000_samples_have_twins(sizes, twins):
    assert world(splits=sizes).splits.twins == twins
    small = make_scenario("w.toml", suite="t", name="w", seed=1, num_classes=2, channels={})
    assert small.splits.twins == small.num_test == 200


@pytest.mark.parametrize("field", ["suite", "name", "seed", "channels"])
def test_a_field_without_default_is_required(field):
    fields = {"suite": "t", "name": "w", "seed": 1, "channels": {}}
    del fields[field]
    with pytest.raises(ScenarioError, match=rf"{field}: this key is missing"):
        make_scenario("w.toml", **fields)


UNDRAWABLE = [
    ({"hue": {}}, r"scenario w, channels.hue: unknown channel 'hue'; choose from background, color"),
    ({"voice": {}}, r'channels.voice: voice is carried by caption only; set carrier = "caption"'),
    ({"lighting": {"carrier": "caption"}}, r'channels.lighting: .*by image only; set carrier = "image"'),
    ({"color": {"values": 99}}, r"channels.color: color has 12 values, not 99"),
    ({"color": {"values": 2, "alignment": "many-to-many"}}, r"channels.color: many-to-many needs more than 2 values"),
]


@pytest.mark.parametrize(("channels", "message"), UNDRAWABLE)
def test_a_channel_that_no_plugin_can_draw_is_refused(channels, message):
    with pytest.raises(ScenarioError, match=message):
        check(world(channels=channels))


def test_all_faults_of_a_file_are_reported_at_once():
    with pytest.raises(ScenarioError) as caught:
        world(num_classes=1, label_noise=3, channels={"color": {"values": 0}})
    assert [part.partition(":")[0] for part in str(caught.value).partition(": ")[2].split("; ")] == [
        "num_classes", "channels.color.values", "label_noise",
    ]  # fmt: skip


def test_a_scenario_file_is_read(tmp_path):
    path = tmp_path / "w.toml"
    path.write_text(FILE)
    spec = load_scenario(path)
    assert spec == make_scenario("x", suite="t", name="w", seed=7, channels={"color": {"strength": 0.5}})
    assert spec.channels["color"].kind == "color"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read the scenario file .*w.toml: .*No such file"),
        (b"seed = ", r"cannot read the scenario file .*w.toml: Invalid value"),
        (b"\xff\xfe", r"cannot read the scenario file .*w.toml: byte 0, 0xff, is not UTF-8; save it as UTF-8"),
        (b"seed = 1", r"channels \(a world of pictograms\) or categories \(a world of things\), found neither"),
        (b"channels = {}", r"w.toml is not a possible scenario: suite: this key is missing; add it"),
        (b"suite = 'a'\nname = 'b'\nseed = 1\nchannels = {}\nsource = 1", r"source: there is no such key"),
    ],
)
def test_an_unreadable_or_invalid_file_is_named(tmp_path, content, message):
    path = tmp_path / "w.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScenarioError, match=message):
        load_scenario(path)


def test_channels_in_names_what_a_modality_carries_in_order():
    spec = world(
        channels={
            "voice": {"carrier": "caption"},
            "shape": {},
            "lighting": {"carrier": "image"},
            "a": {"kind": "color", "carrier": "image"},
            "b": {"kind": "color", "carrier": "caption"},
        }
    )
    assert spec.channels_in("image") == ("shape", "lighting", "a")
    assert spec.channels_in("text") == ("voice", "shape", "b")
    assert spec.channels_in("multimodal") == ("voice", "shape", "lighting", "a", "b")


def test_sizes_follow_from_classes_and_channels():
    spec = world(num_classes=4, splits={"train": 9, "val": 8, "test_per_group": 3, "twins": 5})
    assert (spec.num_patterns, spec.num_test) == (8, 96)
    assert [spec.split_size(split) for split in ("train", "val", "calibration", "test")] == [9, 8, 0, 96]
    with pytest.raises(ScenarioError, match=r"unknown split 'dev'; choose one of train, val, calibration, test"):
        spec.split_size("dev")


def test_more_samples_with_all_channels_conflicting_come_on_top():
    spec = world(num_classes=4, splits={"test_per_group": 2, "conflicting_per_class": 5})
    assert (spec.num_balanced_test, spec.num_test) == (4 * 2 * 8, 4 * (2 * 8 + 5))
    assert spec.splits.twins == 84


def test_a_template_makes_worlds_that_differ_in_their_seeds_alone():
    spec = world(worlds=3)
    made = [spec.in_world(k) for k in range(4)]
    assert [w.name for w in made] == ["w-w0", "w-w1", "w-w2", "w-w3"]
    assert len({w.seed for w in made}) == 4
    same = {"name": "w", "seed": 7, "worlds": 3}
    assert all(w.model_copy(update=same) == spec for w in made)
    assert made[1].in_world(5) == made[1]  # a world has no worlds of its own
    assert world().in_world(3) == world()


def test_the_temperature_is_fitted_on_a_calibration_split_where_there_is_one():
    assert world().calibrated_on == "val"
    spec = world(num_classes=4, splits={"calibration_per_group": 3})
    assert (spec.calibrated_on, spec.split_size("calibration")) == ("calibration", 96)
    assert spec.digest != world(num_classes=4).digest


def test_uncorrelated_changes_only_strengths_environments_and_what_is_withheld():
    channels = {"color": {"values": 5, "strength": 0.9}, "shape": {"alignment": "many-to-many", "strength": [0.3] * 10}}
    withheld = ({"class": 1, "color": 2},)
    spec = world(channels=channels, environments=TWO, label_noise=0.1, withheld=withheld)
    flat = spec.uncorrelated()
    assert {name: channel.strength for name, channel in flat.channels.items()} == {"color": 1 / 5, "shape": 2 / 10}
    assert (flat.environments, flat.withheld) == ((), ())
    restored = {n: c.model_copy(update={"strength": spec.channels[n].strength}) for n, c in flat.channels.items()}
    put_back = {"channels": restored, "environments": spec.environments, "withheld": withheld}
    assert flat.model_copy(update=put_back) == spec
    assert flat.uncorrelated() == flat


def test_a_channel_without_a_kind_is_of_the_kind_of_its_name():
    assert world(channels={"color": Channel(), "hue": Channel(kind="shape")}).channels["color"].kind == "color"


def test_the_digest_is_that_of_plain_json_and_never_changes():
    spec = world(
        environments=[{"name": "a", "strength": {"color": [0.1, 1e-5] * 5}}], withheld=[{"class": 0, "color": 3}]
    )
    fields = json.loads(spec.model_dump_json())
    # what was added later counts only where it is set
    first = (
        "suite name seed num_classes image_size channels environments withheld core_visibility core_size core_contrast "
        "label_noise caption_fidelity splits"
    )
    fields = {name: fields[name] for name in fields if name in first.split()}
    fields["splits"] = {name: fields["splits"][name] for name in ("train", "val", "test_per_group", "twins")}
    for channel in fields["channels"].values():
        del channel["hidden"]
    text = json.dumps(fields, separators=(",", ":"))
    assert spec.digest == hashlib.sha256(text.encode()).hexdigest()
    added = [
        {"first_class": 1}, {"alignment_seed": 7}, {"alignment_seed": 0}, {"alignment": "natural"}, {"worlds": 2},
        {"core_carrier": "image"}, {"noise_kind": "label"}, {"captions": "natural"},
        {"channels": {"color": {"hidden": True}}}, {"splits": {"val_per_group": 1}},
        {"splits": {"conflicting_per_class": 1}}, {"splits": {"calibration_per_group": 1}},
        {"splits": {"nuisance_twins": 1}},
    ]  # fmt: skip
    assert len({world(**fields).digest for fields in [{}, *added]}) == len(added) + 1
    assert world().digest == "c6e45a87c5a1205c01c8a2bfbda49c735811671d1993e3a0fafa0a1ddd6853a9"
    back = Scenario.model_validate_json(spec.model_dump_json())
    assert (back, back.digest) == (spec, spec.digest)


def test_the_digest_depends_on_the_content_of_the_file_not_on_its_layout(tmp_path):
    path = tmp_path / "w.toml"
    path.write_text(
        '# another layout\nseed = 7\nname = "w"\nchannels.color.strength = 5e-1\nsuite = "t"\nnum_classes = 10'
    )
    other = make_scenario("x", suite="t", name="w", seed=7, channels={"color": {"strength": 0.5}})
    assert load_scenario(path).digest == other.digest
    assert world(seed=8).digest != world().digest
    assert world(environments=TWO).digest != world().digest
