import re
from pathlib import Path

import pytest
import torch

from spurgen.baselines import erm
from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import Task
from spurgen.harness.commands.run import METHODS
from spurgen.harness.experiments.checks import empty_groups, find_device, find_methods, unused_flags


def test_flags_reach_the_methods_options():
    flags = {"feature_dim": 64, "batch_size": 8, "num_epochs": 2, "lr": 0.1} | {
        "irm_lambda": 7.0, "adv_lambda": 0.5, "cont_lambda": None,
    }  # fmt: skip
    common = {"feature_dim": 64, "batch_size": 8, "epochs": 2, "lr": 0.1}
    found = {method.name: method.options for method in find_methods((*METHODS, "erm"), flags)}
    assert found == {
        "erm": common, "irm": common | {"penalty_weight": 7.0}, "group_dro": common,
        "adversarial": common | {"adversary_weight": 0.5}, "contrastive": common,
    }  # fmt: skip
    assert erm.submission.with_options(**found["erm"]).HYPERPARAMETERS.epochs == 2


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("--methods ermm", "there is no method 'ermm'; did you mean erm"),
        ("--methods zzz", "there is no method 'zzz'; choose from adversarial, "),
        ("--methods group-dro", "there is no method 'group-dro'; did you mean group_dro"),
        ("--methods no_such.py", "there is no submission no_such.py, seen from /"),
        ("--methods a/erm.py erm", "--methods: erm and a/erm.py are both called erm"),
        ("--irm_lambda -1", "--irm_lambda -1.0: irm: penalty_weight = -1.0 must lie in [0.0, 1000000.0]"),
        ("--adv_lambda -2", "--adv_lambda -2.0: adversarial: adversary_weight = -2.0 must lie in [0.0, 100.0]"),
        ("--cont_lambda nan", "--cont_lambda nan: contrastive: contrastive_weight = nan must lie in"),
        ("--num_epochs 0", "--num_epochs 0: erm: epochs = 0 must lie in [1, 1000]"),
        ("--lr 0", "--lr 0.0: erm: lr = 0.0 must lie in"),
        ("--feature_dim 1", "--feature_dim 1: erm: feature_dim = 1 must lie in"),
        ("--batch_size 41", "--batch_size 41: larger than the train split, 40 samples; choose a smaller one"),
        ("--gpu 3", "--gpu 3: there is no device cuda:3; the GPUs here: none; use cpu; the CPU is --gpu -1"),
        ("--save_dir small.toml", "cannot write to small.toml: File exists; choose another --save_dir"),
        ("--generate_data --data_dir small.toml/x", "cannot write to small.toml/x: Not a directory; choose another"),
        ("--save_dir small.toml/none", "cannot write to small.toml/none: Not a directory; choose another --save_dir"),
        ("--exp_name a/b", "--exp_name 'a/b': use letters, digits"),
        ("--seed -1", "--seed -1: give 0 or more"),
        ("--num_classes 5", "--num_classes 5: small.toml has 2; leave the flag out"),
        ("--num_samples 51", "--num_samples 51: small.toml has 40; leave the flag out"),
    ],
)
def test_what_is_wrong_is_told_before_any_work(small, run_command, monkeypatch, flags, told):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, found = run_command(f"small.toml --batch_size 8 {flags}")
    assert code == 2
    assert told in found
    assert set(small.rglob("*")) <= {small / "small.toml", small / "results", small / "results" / "log.txt"}


@pytest.mark.usefixtures("small")
def test_a_method_whose_annotations_the_data_lack_is_told(run_command):
    small = Path("small.toml").read_text()
    Path("one.toml").write_text(small.replace('{ name = "one", strength = { color = 0.9 } }, ', ""))
    code, told = run_command("one.toml --batch_size 8 --methods erm irm")
    assert code == 2
    assert "--methods irm: needs two or more environments, but scenario small has 1; add [[environments]]" in told
    Path("image.toml").write_text(small.replace("{ values = 3 },", '{ values = 3, carrier = "image" },'))
    code, told = run_command("image.toml --batch_size 8 --methods group_dro --modality text")
    assert "scenario small has no channel, hence no groups, in modality text; those with one: image, multimodal" in told


@pytest.mark.usefixtures("small")
def test_a_test_split_that_cannot_hold_every_group_where_features_are_judged_is_told(run_command):
    small = re.sub(r"test_per_group = \d+", "test_per_group = 1", Path("small.toml").read_text())
    Path("thin.toml").write_text(small)
    code, told = run_command("thin.toml --batch_size 8 --methods erm")
    assert code == 2
    assert re.search(r"has \d+ groups in modality image, of which the \d+ test samples that judge features", told)
    assert "give test_per_group 2 or more" in told


def test_groups_without_a_sample_are_told_where_a_method_is_given_them():
    def world(strength):
        channels = {"color": {"values": 3, "strength": strength}}
        return make_scenario("x", suite="x", name="x", seed=0, num_classes=2, channels=channels, splits=sizes)

    flags = {"feature_dim": 64, "batch_size": 8, "num_epochs": 2, "lr": 0.1}
    methods = find_methods(("erm", "dfr", "group_dro"), flags)
    sizes = {"train": 400, "val": 200, "test_per_group": 2}
    assert empty_groups(Task("a", world(0.5), "image"), methods) == []
    never = Task("a", world(1.0), "image")
    train, val = empty_groups(never, methods)
    assert train.startswith("train has no sample in 2 of 4 groups, so group_dro cannot know of them")
    assert val.startswith("val has no sample in 2 of 4 groups, so dfr, group_dro cannot know of them")
    assert empty_groups(never, methods[:1]) == []


def test_a_weight_of_zero_is_told():
    methods = find_methods(("irm",), {"feature_dim": 64, "batch_size": 8, "num_epochs": 2, "lr": 0.1})
    told = unused_flags(methods, {"irm_lambda": 0.0, "adv_lambda": 1.0})
    assert told == [
        "--adv_lambda has no effect: adversarial is not among the methods",
        "--irm_lambda 0 switches off what makes irm another method than erm",
    ]


def test_training_flags_that_a_file_does_not_read_are_told():
    flags = {"feature_dim": 64, "batch_size": 8, "num_epochs": 2, "lr": 0.1}
    (told,) = unused_flags(find_methods(("erm", "submissions/keywords.py"), flags), {})
    assert told == "keywords is no baseline: --feature_dim, --batch_size, --num_epochs and --lr change nothing in it"


@pytest.mark.usefixtures("small")
def test_a_modality_that_a_method_does_not_take_is_told(run_command, monkeypatch):
    monkeypatch.setattr(type(erm.submission), "MODALITIES", frozenset({"image"}))
    code, told = run_command("small.toml --batch_size 8 --methods erm --modality text")
    assert (code, "--methods erm: takes image, not text; leave it out" in told) == (2, True)
    Path("model.py").write_text("MODALITIES = 'text'\ndef predict(batch): ...")
    code, told = run_command("small.toml --batch_size 8 --methods model.py")
    assert (code, "submission model.py takes text, but task small-image is image" in told) == (2, True)


@pytest.mark.parametrize(
    ("count", "gpu", "device"), [(0, None, "cpu"), (2, None, "cuda"), (2, 1, "cuda:1"), (2, -1, "cpu")]
)
def test_a_gpu_is_named_by_its_number(monkeypatch, count, gpu, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert find_device(gpu) == device
