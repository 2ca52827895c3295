import signal
import subprocess
import sys
import time

import pytest

from spurgen.harness.board.report import read_report
from spurgen.harness.cli import main
from spurgen.harness.context import episodes
from spurgen.harness.context.episodes import RUNGS, SCHEMES, STATES

REQUESTS = len(RUNGS) * len(SCHEMES) * len(STATES)  # of an episode


@pytest.fixture
def ask(server, tmp_path, monkeypatch, capsys):
    """Return a function that runs `spurgen ask` on the stub server, without probes; it returns the code and texts."""
    monkeypatch.setattr(episodes, "available", lambda: False)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*flags, model="planted/model", results=tmp_path / "results", yes=True):
        place = ["--endpoint", server.url, "--model", model, "--results", str(results)]
        code = main(["ask", *place, *flags, *["--yes"] * yes])
        streams = capsys.readouterr()
        return code, streams.out, " ".join(streams.err.split())

    return run


def rows(tmp_path):
    return [read_report(path, "ask") for path in (tmp_path / "results" / "in-context").glob("*.json")]


def lines_of(row, learner, measure="pairs"):
    return [(line.get("labels"), [line[f"mean_at.{m}"] for m in RUNGS], line.get("counterexamples_text"))
            for line in row.lines("lines") if (line["model"], line["measure"]) == (learner, measure)]  # fmt: skip


def test_who_reads_the_thing_needs_none_and_stands_beside_the_exact_learner(ask, server, tmp_path):
    code, out, err = ask("--episodes", "3")
    assert code == 0
    assert len(server.bodies) == 3 * REQUESTS
    assert f"episodes: 3; {3 * REQUESTS:,} requests to send" in err
    assert f"sent {3 * REQUESTS:,} requests, 0 of them again" in err
    assert f"{3 * REQUESTS * 900:,} tokens of prompts" in err
    assert "no probe of MiniLM" in err
    (row,) = rows(tmp_path)
    assert lines_of(row, "planted/model")[0] == ("arbitrary", [1.0] * 6, "<=1")
    assert lines_of(row, "planted/model", "answers") == [("arbitrary", [1.0] * 6, "<=1"), ("named", [1.0] * 6, "<=1")]
    assert lines_of(row, "exact Bayes") == [(None, [0.0, *[1.0] * 5], "<=1")]
    assert row.about["episodes"] == 3
    assert "exact Bayes" in out
    assert out.count("planted/model, labels: ") == 2
    assert "For 90% of pairs, planted/model needs at most 1 (A/B) and at most 1 (names)" in out


def test_who_reads_a_shortcut_needs_more_than_there_are(ask, server, readers, tmp_path):
    server.model = readers["hue"]
    assert ask("--episodes", "2", "--chat")[0] == 0
    (row,) = rows(tmp_path)
    (_, arbitrary, needs), (_, named, _) = lines_of(row, "planted/model")
    assert arbitrary[:5] == named[:5] == [0.0] * 5
    assert needs == ">16"
    agree = lines_of(row, "planted/model", "pairs, agree")
    assert [means[:5] for _, means, _ in agree] == [[1.0] * 5] * 2
    assert {body["model"] for body in server.bodies} == {"planted/model"}


def test_a_run_goes_on_where_it_stopped_and_sends_nothing_twice(ask, server, tmp_path):
    code, _, err = ask("--episodes", "2", "--limit", "50", "--jobs", "1")
    assert code == 0
    assert "0 of 2 episodes are answered; the same command goes on" in err
    assert rows(tmp_path) == []
    server.manners = [(400, "no more credit")]
    code, _, err = ask("--episodes", "2")
    assert code == 2
    assert "status 400, 'no more credit'; answers so far are kept" in err
    assert "sent" in err
    assert ask("--episodes", "1")[0] == 0
    assert ask("--episodes", "2")[0] == 0
    sent = [body["prompt"] for body in server.bodies]
    assert len({*sent}) == 2 * REQUESTS
    assert len(sent) == 2 * REQUESTS + 1  # the request that failed
    before = rows(tmp_path)
    assert "0 requests to send" in ask("--episodes", "2")[2]
    assert len(server.bodies) == len(sent)
    assert rows(tmp_path) == before


def test_three_endpoints_share_a_folder_and_each_is_asked_once(start_server, readers, monkeypatch, tmp_path):
    monkeypatch.setattr(episodes, "available", lambda: False)
    kinds = {"one/model": [], "one_model": ["--chat"], "texts": ["--samples", "2"]}  # two names are one as a file's
    servers = {model: start_server() for model in kinds}
    servers["one_model"].model = readers["hue"]
    servers["texts"].log_probabilities = False
    servers["one/model"].manners = [(429, "later", {"Retry-After": "0"}), (500, "busy"), "disconnect"]
    failed = len(servers["one/model"].manners)
    for _ in range(2):
        for model, flags in kinds.items():
            where = ["--endpoint", servers[model].url, "--model", model, "--results", str(tmp_path / "results")]
            assert main(["ask", *where, "--episodes", "1", "--yes", *flags]) == 0
    asked = {model: len(server.bodies) for model, server in servers.items()}
    assert asked == {"one/model": REQUESTS + failed, "one_model": REQUESTS, "texts": REQUESTS}
    needs = {row.about["model"]: lines_of(row, row.about["model"])[0][2] for row in rows(tmp_path)}
    assert needs == {"one/model": "<=1", "one_model": ">16", "texts": "<=1"}


def test_a_dry_run_sends_and_writes_nothing(ask, server, tmp_path):
    code, _, err = ask("--episodes", "1", "--dry-run")
    assert (code, server.bodies, list(tmp_path.iterdir())) == (0, [], [])
    assert f"{REQUESTS} requests to send, about" in err


def test_nothing_is_sent_without_yes_unless_all_is_stored(ask, server, tmp_path):
    code, out, err = ask("--episodes", "1", yes=False)
    assert (code, out, server.bodies, list(tmp_path.iterdir())) == (0, "", [], [])
    assert f"{REQUESTS} requests to send, about" in err
    assert "nothing was started; add --yes to start" in err
    assert ask("--episodes", "1")[0] == 0
    code, _, err = ask("--episodes", "1", yes=False)
    assert "nothing was started" not in err
    assert (code, len(rows(tmp_path))) == (0, 1)


def test_an_edited_answer_is_told_before_it_is_asked_for_again(ask, server, tmp_path):
    ask("--episodes", "1")
    before = rows(tmp_path)
    path = next((tmp_path / "results" / "in-context" / "requests").rglob("*.json"))
    path.write_text(path.read_text().replace("-0.1", "-2.6"))
    code, _, err = ask("--episodes", "1", yes=False)
    assert "1 stored answers are damaged, were edited, or have no checksum" in err
    assert f"such as {path}: they count as missing and will be replaced" in err
    assert "1 requests to send" in err
    assert (code, len(server.bodies)) == (0, REQUESTS)
    assert "damaged" in ask("--episodes", "1")[2]
    assert rows(tmp_path) == before
    assert len(server.bodies) == REQUESTS + 1
    assert "damaged" not in ask("--episodes", "1")[2]


@pytest.mark.parametrize(
    ("number", "jobs", "manner"),
    [(signal.SIGTERM, 4, "dribble"), (signal.SIGINT, 4, "dribble a header"), (signal.SIGTERM, 1, "dribble"),
     (signal.SIGINT, 4, (429, "later", {"Retry-After": "60"}))],
)  # fmt: skip
def test_a_signal_ends_it_at_once_and_what_was_stored_is_kept(server, tmp_path, number, jobs, manner):
    answered = 5
    server.manners = [None] * answered + [manner] * REQUESTS
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, and inherited so, in the background\n"
        "from spurgen.harness.cli import main\n"
        "sys.exit(main())"
    )
    command = ["ask", "--endpoint", server.url, "--model", "m", "--episodes", "1", "--yes", "--timeout", "3600"]
    place = ["--results", str(tmp_path), "--jobs", str(jobs)]
    with subprocess.Popen([sys.executable, "-c", code, *command, *place], stderr=subprocess.PIPE, text=True) as process:
        try:
            while process.poll() is None and len(server.bodies) < answered + jobs:
                time.sleep(0.02)
            process.send_signal(number)
            _, err = process.communicate(timeout=30)  # a dribbling server never ends
        finally:
            process.kill()
    assert process.returncode == 128 + number
    assert "stopped; answers so far are kept: the same command goes on from there" in err
    assert len([*(tmp_path / "in-context" / "requests").rglob("*")]) == 2 * answered  # a folder and a file each
    server.manners = []
    assert main([*command, *place]) == 0
    assert len(server.bodies) == REQUESTS + jobs


def test_prose_is_counted_and_said(ask, server, tmp_path):
    server.model, server.log_probabilities = lambda _: "I would say it depends", False
    code, _, err = ask("--episodes", "1", "--samples", "2", "--chat")
    assert code == 0
    assert f"{2 * REQUESTS} answers named no label" in err
    (row,) = rows(tmp_path)
    assert lines_of(row, "planted/model") == [("arbitrary", [0.5] * 6, ">16"), ("named", [0.5] * 6, ">16")]
    assert row.about["log_odds"][0]["odds"][0][0] == [None] * len(STATES)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("", "name a model by --model"),
        ("--model gpt", "--model gpt: name its server by --endpoint, or a file by --gguf"),
        ("--gguf none.gguf", "--gguf none.gguf: there is no such file"),
        ("--gguf none.gguf --chat", "--chat has no effect without --endpoint"),
        ("--endpoint http://x/v1", "name a model by --model"),
        ("--endpoint http://x/v1 --gguf a.gguf", "not allowed with argument"),
        ("--endpoint x --model m", "--endpoint 'x': expected an address"),
        ("--endpoint http://x/v1 --model m --samples 3 --top 4", "leave one out"),
        ("--model m --episodes 0", "must be 1 to 1,000, not 0"),
    ],
)
def test_flags_that_do_not_go_together(flags, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["ask", *flags.split()]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
