import json

import numpy as np

from spurgen.baselines.training.pretrained import digest
from spurgen.harness.cli import main

TINY = """
suite = "tiny"
name = "pretraining"
seed = 3
num_classes = 3
first_class = 17
image_size = 32

[channels]
color = { values = 3, strength = 0.34 }

[splits]
train = 90
val = 45
test_per_group = 1
twins = 2
"""


def test_pretraining_writes_weights_and_a_matching_record(tmp_path, capsys):
    (tmp_path / "world.toml").write_text(TINY)
    out = tmp_path / "weights.npz"
    assert main(["pretrain", "--scenario", str(tmp_path / "world.toml"), "--out", str(out), "--device", "cpu"]) == 0
    with np.load(out) as file:
        arrays = {name: file[name] for name in file.files}
    record = json.loads(out.with_suffix(".json").read_text())
    assert record["sha256"] == digest(arrays)
    assert set(record["val_accuracy"]) == {"image", "caption"}
    assert {name.partition(".")[0] for name in arrays} == {"image", "caption", "words"}
    assert {"hammer", "flag", "butterfly"} <= set(arrays["words"])  # classes 17 to 19
    assert record["sha256"] in capsys.readouterr().err.replace("\n", "")
