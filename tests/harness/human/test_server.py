"""What the page's server answers, and to whom."""

import io
import json
import socket
from http.client import HTTPConnection

import pytest
from PIL import Image

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.human.server import ADDRESS, PageServer


class Client:
    """A client that is no browser."""

    def __init__(self, server):
        self.server = server

    def ask(self, path, method="GET", body=None, **headers):
        connection = HTTPConnection(ADDRESS, self.server.server_port, timeout=30)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def step(self):
        return json.loads(self.ask("/step")[1])

    def answer(self, number, letter=None, milliseconds=5, **headers):
        sent = json.dumps({"number": number, "letter": letter, "milliseconds": milliseconds})
        response, content = self.ask("/answer", "POST", sent, **({"Content-Type": "application/json"} | headers))
        return response.status, json.loads(content)

    def go_on(self, until):
        for number in range(self.step()["number"], until):
            self.answer(number, None if number < 12 else "A")


@pytest.fixture
def client(make_run, served):
    with served(make_run()) as server:
        yield Client(server)


def test_it_listens_on_this_machine_alone(client):
    assert client.server.server_address[0] == "127.0.0.1"
    assert client.server.socket.family == socket.AF_INET


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/step", "/scene/0.png", "/nothing"])
def test_every_response_forbids_whatever_the_page_does_not_need(client, path):
    response, _ = client.ask(path)
    policy = response.getheader("Content-Security-Policy").split("; ")
    assert "default-src 'none'" in policy
    assert {source for rule in policy for source in rule.split()[1:]} == {"'none'", "'self'"}
    assert response.getheader("X-Content-Type-Options") == "nosniff"
    assert response.getheader("Cache-Control") == "no-store"


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css"])
def test_the_page_names_no_address(client, path):
    _, content = client.ask(path)
    assert b"://" not in content
    assert b"style=" not in content
    assert content.count(b"<script") == content.count(b'<script src="/page.js"')


def test_a_letter_is_sent_only_where_the_person_may_see_it(client):
    assert client.step()["label"] in "ABC"
    client.go_on(12)
    assert (client.step()["phase"], client.step().get("label")) == ("practice", None)
    client.go_on(18)
    assert (client.step()["phase"], client.step().get("label")) == ("test", None)
    status, content = client.answer(18, "B")
    assert (status, content["feedback"], content["step"].get("label")) == (200, None, None)


def test_only_the_current_picture_is_there(client):
    response, content = client.ask("/scene/0.png")
    assert response.getheader("Content-Type") == "image/png"
    picture = Image.open(io.BytesIO(content))
    assert (picture.size, picture.info) == ((32, 32), {})
    client.go_on(1)
    assert [client.ask(f"/scene/{k}.png")[0].status for k in (0, 1, 2)] == [404, 200, 404]
    assert client.ask("/../page.js")[0].status == 404


@pytest.mark.parametrize(("task", "parts"), [("text", (False, True)), ("both", (True, True)), ("image", (True, False))])
def test_a_step_has_what_the_modality_has(make_run, served, task, parts):
    with served(make_run(task=f"ambiguous-{task}")) as server:
        step = Client(server).step()
        assert (step["picture"] is not None, step["caption"] is not None) == parts
        assert Client(server).ask("/scene/0.png")[0].status == (200 if parts[0] else 404)


def test_the_second_of_a_double_click_is_not_stored(client, stored):
    assert client.answer(0)[0] == 200
    status, content = client.answer(0)
    assert (status, content["step"]["number"]) == (409, 1)
    assert len(stored()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.org"}, {"Host": "127.0.0.1"}, {"Origin": "http://example.org"}, {"Origin": "null"},
        {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)  # fmt: skip
def test_other_pages_cannot_answer(client, stored, headers):
    status, content = client.answer(0, **headers)
    assert status in (403, 421)
    assert "step" not in content
    assert stored() == []


def test_other_names_of_this_machine_are_refused(client):
    assert client.ask("/step", Host="example.org")[0].status == 421
    assert client.ask("/step", Host=f"localhost:{client.server.server_port}")[0].status == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "Expecting value"),
        ("[]", "valid dictionary"),
        ('{"number": 0, "milliseconds": 1, "x": 1}', "x: there is no such key"),
        ('{"number": "0", "milliseconds": 1}', "number: "),
        ('{"number": 0, "milliseconds": -1}', "milliseconds: "),
        ('{"number": 0, "milliseconds": 1, "letter": "A"}', "is no answer in the study phase"),
        (b"\xff", "can't decode"),
        (" " * 1025, "at most 1024 bytes"),
    ],
)
def test_what_is_no_answer_is_refused(client, stored, body, message):
    response, content = client.ask("/answer", "POST", body, **{"Content-Type": "application/json"})
    assert response.status == 400
    assert message in json.loads(content)["error"]
    assert stored() == []


@pytest.mark.parametrize("size", ["0000000001000000", "-1", "²", "1_0"])
def test_an_answer_of_another_length_is_refused_unread(client, stored, size):
    headers = {"Content-Type": "application/json", "Content-Length": size}
    response, content = client.ask("/answer", "POST", None, **headers)
    assert response.status == 400
    assert "at most 1024 bytes" in json.loads(content)["error"]
    assert stored() == []


def test_only_answers_are_posted(client):
    assert client.ask("/step", "POST", "{}", **{"Content-Type": "application/json"})[0].status == 404
    assert client.ask("/answer")[0].status == 404
    assert client.ask("/", "DELETE")[0].status == 501


def test_an_answer_that_cannot_be_stored_is_reported_and_may_be_repeated(client, stored, monkeypatch):
    def refuse(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", refuse)
        status, content = client.answer(0)
    assert status == 500
    assert "No space left on device" in content["error"]
    assert client.answer(0)[0] == 200
    assert len(stored()) == 1


def test_it_stops_by_itself_after_the_last_answer(make_run, served, stored):
    with served(make_run()) as server:
        client = Client(server)
        client.go_on(41)
        status, content = client.answer(41, "A")
        assert (status, content["step"]["phase"]) == (200, "done")
    assert len(stored()) == 42


def test_a_port_in_use_is_refused(client):
    port = client.server.server_port
    with pytest.raises(SpurgenError, match=f"cannot listen on 127.0.0.1, port {port}: .*; name another --port"):
        PageServer(client.server.session, port)
