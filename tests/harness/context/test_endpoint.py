import json

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.context.endpoint import ATTEMPTS, KEY, Endpoint
from spurgen.harness.context.episodes import CLASSES, Prompt, draw
from spurgen.harness.context.store import Answers, SpentError

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
