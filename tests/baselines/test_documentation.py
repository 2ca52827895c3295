"""The defaults that docs/methods.md lists are those of the code."""

import dataclasses
import re
from pathlib import Path

import pytest

from spurgen.baselines.crt import HeadRecipe
from spurgen.baselines.jtt import FirstStageRecipe
from spurgen.baselines.training.backbones import CaptionEncoder, ImageEncoder, Network
from spurgen.baselines.training.hyperparameters import FINE_TUNING, Recipe
from spurgen.benchmark.plugins import discover

METHODS = discover("spurgen.baselines")
PAGE = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
COMMON = dataclasses.asdict(Recipe())


def listed(values):
    return ", ".join(f"{name} {value}" for name, value in values.items())


def test_common_defaults_are_listed():
    common = " and ".join(listed(COMMON).rsplit(", ", 1))
    assert f"Unless its row says otherwise, a method has {common}." in re.sub(r"\s+", " ", PAGE)


@pytest.mark.parametrize("recipe", [Recipe, FirstStageRecipe, HeadRecipe])
def test_distributions_of_shared_hyper_parameters_are_listed(recipe):
    searched = {field.name: field.metadata["search"] for field in dataclasses.fields(recipe)}
    assert any(searched.values())
    for name, search in searched.items():
        assert search is None or f"| `{name}` | {search} |" in PAGE


def test_the_table_of_methods_has_no_others():
    listed = re.findall(r"^\| `(\w+)` \| \w+ \|", PAGE.split("| method |")[1], re.MULTILINE)
    assert sorted(listed) == sorted(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_defaults_of_a_method_are_listed(name):
    values = dataclasses.asdict(METHODS[name].submission.HYPERPARAMETERS)
    (row,) = [
        line.split(" | ")
        for line in PAGE.splitlines()
        if line.startswith(f"| `{name}` | {METHODS[name].submission.ACCESS} |")
    ]
    own = {key: value for key, value in values.items() if key not in COMMON or value != COMMON[key]}
    assert row[4] == (listed(own) or "common")


@pytest.mark.parametrize("name", METHODS)
def test_values_on_frozen_features_are_listed(name):
    method = METHODS[name].submission
    before, chosen = (dataclasses.asdict(method.hyper(on)) for on in ("inputs", "features"))
    values = re.search(rf"^\| `{name}` \| on features: (.*) \|$", PAGE, re.MULTILINE)[1].split(", ")
    assert {f"{key} {value}" for key, value in chosen.items() if value != before[key]} <= set(values)
    assert set(values) <= {f"{key} {value}" for key, value in chosen.items()}


def test_the_values_with_which_encoders_are_trained_are_listed():
    section = PAGE.partition("## Fine-tuned encoders")[2].partition("\n## ")[0]
    assert all(f"{name} {value:g}" in " ".join(section.split()) for name, value in FINE_TUNING.items())


@pytest.mark.parametrize(("images", "captions"), [(True, False), (False, True), (True, True)])
def test_the_size_of_the_networks_is_listed(images, captions):
    words = 2  # padding and unknown; each word has 64 parameters, which the page counts apart
    network = Network(
        image=ImageEncoder(COMMON["feature_dim"]) if images else None,
        caption=CaptionEncoder(words, COMMON["feature_dim"]) if captions else None,
        feature_dim=COMMON["feature_dim"], num_classes=10,
    )  # fmt: skip
    count = sum(each.numel() for each in network.parameters()) - 64 * words * captions
    assert re.search(rf"\| {count:,}( \||, and 64 per word)", PAGE)
