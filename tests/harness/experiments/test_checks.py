from pathlib import Path

import pytest
import torch

from spurgen.baselines import erm
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.harness.experiments import METHODS
from spurgen.harness.experiments.checks import empty_groups, find_methods, unused_flags

FLAGS = {"feature_dim": 64, "batch_size": 8, "num_epochs": 2, "lr": 0.1}


def test_flags_become_options_of_the_methods():
    flags = FLAGS | {"irm_lambda": 7.0, "adv_lambda": 0.5, "cont_lambda": None}
    common = {"feature_dim": 64, "batch_size": 8, "epochs": 2, "lr": 0.1}
    options = {method.name: method.options for method in find_methods((*METHODS, "erm"), flags)}
    assert options == {
        "erm": common, "irm": common | {"penalty_weight": 7.0}, "group_dro": common,
        "adversarial": common | {"adversary_weight": 0.5}, "contrastive": common,
    }  # fmt: skip
    assert erm.submission.with_options(**options["erm"]).HYPERPARAMETERS.epochs == 2


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--methods ermm", "there is no method 'ermm'; did you mean erm"),
        ("--methods no_such.py", "there is no submission no_such.py, seen from /"),
        ("--methods a/erm.py erm", "--methods: erm and a/erm.py are both called erm"),
        ("--irm_lambda -1", "--irm-lambda -1.0: irm: penalty_weight = -1.0 must lie in [0.0, 1000000.0]"),
        ("--adv_lambda -2", "--adv-lambda -2.0: adversarial: adversary_weight = -2.0 must lie in [0.0, 100.0]"),
        ("--cont_lambda nan", "--cont-lambda nan: contrastive: contrastive_weight = nan must lie in"),
        ("--num_epochs 0", "--num-epochs 0: erm: epochs = 0 must lie in [1, 100000]"),
        ("--lr 0", "--lr 0.0: erm: lr = 0.0 must lie in"),
        ("--feature_dim 1", "--feature-dim 1: erm: feature_dim = 1 must lie in"),
        ("--batch_size 41", "--batch-size 41: larger than the train split, 40 samples; choose a smaller one"),
        ("--gpu x", "argument --gpu: 'x' is not the number of a GPU; write -1 for the CPU, 0 for the first GPU"),
        ("--gpu -2", "argument --gpu: '-2' is not the number of a GPU; write -1 for the CPU, 0 for the first GPU"),
        ("--gpu 3", "there is no device cuda:3; the GPUs here: none; use cpu"),
        ("--save_dir small.toml", "cannot write to small.toml: File exists; choose another --out"),
        ("--generate_data --data_dir small.toml/x", "small.toml: File exists; choose another folder"),
        ("--save_dir small.toml/none", "cannot write to small.toml/none: Not a directory; choose another --out"),
        ("--exp_name a/b", "--exp-name 'a/b': file names begin with it; use only letters, digits"),
        ("--seed -1", "--seed -1: expected 0 to 4611686018427387903"),
        (f"--seed {2**62}", "--seed 4611686018427387904: expected 0 to 4611686018427387903"),
        ("--num_classes 5", "--num-classes 5: small.toml has 2; leave the flag out"),
        ("--num_samples 51", "--num-samples 51: small.toml has 40; leave the flag out"),
    ],
)
def test_a_wrong_flag_is_an_error_before_any_work(small, run_command, monkeypatch, flags, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, output = run_command(f"small.toml --batch_size 8 {flags}")
    assert code == 2
    assert message in output
    assert set(small.rglob("*")) <= {small / "small.toml", small / "results", small / "results" / "log.txt"}


@pytest.mark.parametrize(
    ("old", "new", "flags", "message"),
    [
        (
            '{ name = "one", strength = { color = 0.9 } }, ', "", "--methods erm irm",
            "--methods irm: needs two or more environments, but scenario small has 1; add [[environments]]",
        ),
        (
            "{ values = 3 },", '{ values = 3, carrier = "image" },', "--methods group_dro --modality text",
            "scenario small has no channel, hence no groups, in modality text; modalities with channels: image, multim",
        ),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_serve_a_method_is_an_error(small, run_command, old, new, flags, message):
    Path("other.toml").write_text((small / "small.toml").read_text().replace(old, new))
    code, output = run_command(f"other.toml --batch_size 8 {flags}")
    assert code == 2
    assert message in output


def test_empty_groups_are_reported_for_the_methods_that_use_groups():
    def task(strength):
        channels = {"color": {"values": 3, "strength": strength}}
        splits = {"train": 400, "val": 200, "test_per_group": 2}
        scenario = make_scenario("x", suite="x", name="x", seed=0, num_classes=2, channels=channels, splits=splits)
        return Task("a", scenario, "image")

    methods = find_methods(("erm", "dfr", "group_dro"), FLAGS)
    assert empty_groups(task(0.5), methods) == []
    train, val = empty_groups(task(1.0), methods)
    assert train.startswith("train has no sample in 2 of 4 groups, which group_dro cannot take into account;")
    assert val.startswith("val has no sample in 2 of 4 groups, which dfr, group_dro cannot take into account;")
    assert empty_groups(task(1.0), methods[:1]) == []


def test_flags_without_effect_are_reported():
    methods = find_methods(("irm", "submissions/keywords.py"), FLAGS)
    assert unused_flags(methods, {"irm_lambda": 0.0, "adv_lambda": 1.0}) == [
        "--adv-lambda has no effect: adversarial is not among the methods",
        "--irm-lambda 0 removes all that distinguishes irm from erm",
        "keywords is not a baseline: --feature-dim, --batch-size, --num-epochs and --lr have no effect on it",
    ]


@pytest.mark.usefixtures("small")
def test_a_modality_that_a_method_does_not_take_is_an_error(run_command, monkeypatch):
    monkeypatch.setattr(type(erm.submission), "MODALITIES", frozenset({"image"}))
    code, output = run_command("small.toml --batch_size 8 --methods erm --modality text")
    assert (code, "--methods erm: takes image, not text; leave it out" in output) == (2, True)
    Path("model.py").write_text("MODALITIES = 'text'\ndef predict(batch): ...")
    code, output = run_command("small.toml --batch_size 8 --methods model.py")
    assert (code, "submission model.py takes text, but task small-image is image" in output) == (2, True)
