"""Every variant of a scenario file is loaded, or refused on one line that names the file, the field and the value."""

import random
import re

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.world import load_scenario
from spurgen.generators import check

VARIANTS = 1200
LINES = """
suite = "t"
name = "w"
seed = 7
alignment_seed = 8
num_classes = 4
first_class = 2
image_size = 32
core_visibility = 0.9
core_size = 1.1
core_contrast = 0.8
label_noise = 0.1
caption_fidelity = 0.9
withheld = [{ class = 0, color = 3 }]
[channels.color]
values = 8
strength = [0.9, 0.9, 0.7, 0.7]
carrier = "image"
kind = "color"
alignment = "many-to-many"
magnitude = 0.6
variance = 0.2
[channels.shape]
[[environments]]
name = "one"
weight = 2.0
strength = { color = 0.9 }
[[environments]]
name = "two"
[splits]
train = 40
val = 10
test_per_group = 4
calibration_per_group = 2
twins = 8
""".strip().splitlines()
VALUES = [
    "0", "-1", "1", "2.5", "1e308", "-1e308", "1e999", "inf", "-inf", "nan", "1000000000000", "9" * 400, "9" * 5000,
    f"0x{'f' * 5000}", "true", '""', '"a/b"', '"../x"', r'"\u0000"', r'"\n"', '"é"',
    f'"{"x" * 3000}"', "[]", "[1]", "{}",
    '[["a"]]', "{ a = 1 }", "{ color = inf }", "[{}]", "[{ class = 0, color = -1 }]", "[nan, inf, -1, 2]", "1979-05-27",
    "00:00:00", "[" * 400 + "]" * 400, "[" * 3000, "{ a = " * 300, "", '"', "'''", "0.0000001", "-0.0", "[0.5, 0.5]",
    f"[{'1, ' * 3000}]", f"[{'{ class = 1, color = 2 }, ' * 400}]", f"{{ {'x' * 200} = 1 }}", r'{ "\n" = 1 }',
]  # fmt: skip
KEYS = ["x", "source", '"a/b"', r'"\n"', '""', "x" * 500, "a.b.c", "a" + ".a" * 500, "channels", "environments", "Seed"]
BYTES = [
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\x1b[2J", b"=", b'"', b"[",
    b"]]", b"\n\n", b"\xc3", b"#", b".",
]  # fmt: skip


def change_value(lines, rng):
    place = rng.choice([k for k, line in enumerate(lines) if " = " in line])
    lines[place] = f"{lines[place].partition(' = ')[0]} = {rng.choice(VALUES)}"


def change_key(lines, rng):
    place = rng.choice([k for k, line in enumerate(lines) if " = " in line])
    lines[place] = f"{rng.choice(KEYS)} = {lines[place].partition(' = ')[2]}"


def repeat(lines, rng):
    place = rng.randrange(len(lines))
    lines[place:place] = lines[place : place + rng.randrange(1, 4)] * rng.choice((1, 2, 30, 200))


def move(lines, rng):
    lines.insert(rng.randrange(len(lines)), lines.pop(rng.randrange(len(lines))))


def drop(lines, rng):
    del lines[rng.randrange(len(lines))]


def make_variant(rng):
    """Return a file's bytes: lines changed, then perhaps bytes."""
    lines = [*LINES]
    for _ in range(rng.choice((1, 1, 2, 3))):
        rng.choice((change_value, change_value, change_value, change_key, repeat, move, drop))(lines, rng)
    text = "\n".join(lines)
    content = text.encode(rng.choice(["utf-8"] * 20 + ["utf-16", "latin-1"]))
    if rng.random() < 0.2:
        start = rng.randrange(len(content))
        content = content[:start] + rng.choice(BYTES) + content[start + rng.randrange(3) :]
    return content[: rng.randrange(len(content))] if rng.random() < 0.05 else content


def refusal(path):
    """Return why a scenario file is refused, or None."""
    try:
        check(load_scenario(path))
    except SpurgenError as error:
        return str(error)
    return None


def test_every_variant_of_a_scenario_file_is_loaded_or_refused_on_one_line(tmp_path):
    rng, path, messages = random.Random(1), tmp_path / "w.toml", []
    unreadable = rf"cannot read the scenario file {path}: \S.*; .*"
    impossible = rf"({path} is not a possible scenario: |scenario \S+, )(environment |withheld )?\S+: .*"
    for number in range(VARIANTS):
        path.write_bytes(make_variant(rng))
        message = refusal(path)
        if message is not None:
            messages.append(message)
            assert re.fullmatch(f"{unreadable}|{impossible}", message), (number, message)
            assert len(message) < 1200, (number, message)
    assert VARIANTS / 2 < len(messages) < VARIANTS
    assert len({re.sub(r"\d", "", message) for message in messages}) > 200
