"""Every variant of a row's files is read and ranked or left unranked, or refused on one line that names the file."""

import hashlib
import json
import random
import re

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.board.export import to_csv, to_json
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.markdown import to_markdown

VARIANTS = 300
VALUES = [
    "null", "true", "0", "-1", "1", "0.5", "-0.5", "1e308", "1e999", "NaN", "-Infinity", "9" * 25, "9" * 5000, '""',
    '"x"', '"a/b"', '"spurgen.baselines.x"', r'"\ud800"', r'"\u0000"', r'"\u001b[2J\n"', f'"{"x" * 3000}"', "[]", "{}",
    "[null]", "[[], {}]", '{"a/b": 1}', '{"": 1}', '{"wga": 2, "wga": 1}', "[" * 5000, '{"a":' * 5000, "",
    "[0, 1, 2, 3]", '{"accuracy": 0.5}', '[[1, 60, 24, ["core"]]]', '{"small-text": [1, 60, 24, []]}', '["one", "two"]',
]  # fmt: skip
KEYS = ["", "x", "a/b", "asked_again", "consistency", "wga/x", "seed", "\ud800", "\x1b[2J\n", "x" * 500]
BYTES = [b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\n", b"{", b"]", b'"', b"\xe2\x80\xa8", b"9" * 50]
SLOT = "@slot@"  # in place of the value that a variant changes


@pytest.fixture
def add_three(add):
    """Add a row of two tasks and three results."""
    for seed, task in ((0, "small-text"), (1, "small-text"), (0, "small-image")):
        add(seed=seed, task=task)


def change_text(text, rng):
    """Change a value or a key of one line."""
    lines = text.splitlines()[:-1]
    number = rng.randrange(len(lines))
    value = json.loads(lines[number])
    below = []  # every table and list with one of its keys
    waiting = [value]
    while waiting:
        part = waiting.pop()
        for key in part if isinstance(part, dict) else range(len(part)):
            below.append((part, key))
            if isinstance(part[key], dict | list):
                waiting.append(part[key])
    part, key = rng.choice(below)
    if isinstance(part, dict) and rng.random() < 0.3:
        old = part.pop(key)
        if rng.random() < 0.7:
            part[rng.choice(KEYS)] = old
    else:
        part[key] = SLOT
    lines[number] = json.dumps(value).replace(f'"{SLOT}"', rng.choice(VALUES))
    return "\n".join([*lines, "{}\n"])


def change_bytes(content, rng):
    start = rng.randrange(len(content))
    changed = content[:start] + rng.choice(BYTES) + content[start + rng.randrange(3) :]
    return changed if rng.random() < 0.8 else changed[:start]


@pytest.mark.usefixtures("add_three")
def test_every_variant_of_a_row_is_read_or_refused_on_one_line(store, suite, sealed):
    rng = random.Random(1)
    text, binary = store.folder / "model.jsonl", store.folder / "model.npz"
    whole, arrays = text.read_text(), binary.read_bytes()
    messages, ranked = [], 0
    for number in range(VARIANTS):
        text.write_text(whole)
        binary.write_bytes(arrays)
        how = rng.choice(("text", "text", "text", "text bytes", "npz bytes"))
        if how == "text":
            sealed(text, lambda content: change_text(content, rng))
        elif how == "text bytes":
            text.write_bytes(change_bytes(whole.encode(), rng))
        else:
            changed = change_bytes(arrays, rng)
            binary.write_bytes(changed)
            digests = [hashlib.sha256(content).hexdigest() for content in (arrays, changed)]
            sealed(text, lambda content, digests=digests: content.replace(*digests))
        try:
            board = build(suite, store.rows())
        except SpurgenError as error:
            messages.append(str(error))
        else:
            assert all(map(str.isprintable, "".join([to_markdown(board), to_csv(board), to_json(board)]).split("\n")))
            ranked += sum(len(part.rows) + len(part.few) for part in board.tasks.values())
            continue
        assert re.fullmatch(rf"(cannot read )?{text}: \S.*; .+", messages[-1]), (number, how, messages[-1])
        assert len(messages[-1]) < 1200, (number, how, messages[-1])
    assert VARIANTS / 2 < len(messages) < VARIANTS
    assert len({re.sub(r"\d", "", message) for message in messages}) > 80
    assert ranked > 10
