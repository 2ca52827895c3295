"""Every command of README.md, the documentation and the guides works as it is written.

The commands of a page run in order in one temporary folder, which has the files that the page or the quickstart
describes. What would take long is made smaller by `SHORTER`.
"""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest

from spurgen.harness.cli import hyphenated, main, make_parser
from spurgen.harness.results.store import OWN

ROOT = Path(__file__).parents[2]
GUIDES = (
    "README.md",
    "CONTRIBUTING.md",
    "submissions/README.md",
    "benchmark/CALIBRATION.md",
)
PAGES = [*(ROOT / guide for guide in GUIDES), *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAM = re.compile(r"(\.venv/bin/)?spurgen\b")

INSTALLS = {
    "pip install .",
    "pip install .[models]",
    "python -m venv .venv",
    ".venv/bin/pip install path/to/spurgen",
    "apt-get install bubblewrap libseccomp2 util-linux",
}
"""Commands that need a network or change the system, and so are compared only."""

SHORTER = (
    (r"(check my_model\.py)", r"\1 --suite {tiny}"),  # a minute on the default suite
    (r"--tasks things-(text|image)-4 --seeds 0", r"--suite {tiny} --tasks small-\1 --seeds 0 --cluster serial"),
    (r"compare my_model erm", "compare my_model erm --suite {tiny}"),
    (r"(splits verify)$", r"\1 --suite {tiny}"),  # four million samples
    (r"--suite SUITE --tasks TASK \.\.\.(.*)", r"--suite {tiny} --tasks small-text\1 --dry-run"),  # placeholders
    (r"things-(text|image)-16 --suite v4", r"few-\1-4 --suite {ladder}"),  # thousands of samples
    (r"leaderboard --merge shares", "leaderboard --suite {tiny} --merge shares"),
    (r"--methods erm group_dro", "--methods erm"),  # seconds a method
    (r"(--methods erm --exp-name exp .*)", r"\1 --num-classes 2 --num-samples 80 {short}"),
    (r"(--plan plan\.jsonl) --suite v4 --tasks .* --seeds 0-9", r"\1 --suite {tiny} --tasks small-text --seeds 1-2"),
    (r"(benchmark plan\.jsonl .*)", r"\1 --jobs 1"),
    (r"(run two-shortcuts\.toml.*)", r"\1 --num-epochs 1 --seeds 0 --jobs 1"),
    (r"--num-samples 240(.*)--num-epochs 3(.*)--seeds 0-4", r"--num-samples 80\1\2{short}"),
    (r"--num_samples 1000", "--num_samples 80 --methods erm {short}"),
    (r"(run --data_dir data .*)", r"\1 --dry-run"),  # minutes
    (r"--submissions erm resample --seeds 0", r"--submissions erm --tasks fruit-text --seeds 0 --cluster serial"),
    (r"(score my_model\.py --suite fruit\.toml)", r"\1 --cluster serial"),
    (r"(ask --endpoint .*)", r"\1 --dry-run"),  # no server listens
)
"""Patterns and their replacements, applied to every command in this order.

`{tiny}` is a small frozen suite, `{ladder}` one of ladders, `{short}` the flags of a short training: on
captions alone, since answering all twins of images takes seconds.
"""
SHORT = "--modality text --num-epochs 1 --seeds 0 --jobs 1"

SMALLER_FILES = {
    "train = 2000": "train = 200", "val = 1000": "val = 100", "test_per_group = 20": "test_per_group = 5",
    "test_per_group = 250": "test_per_group = 10", "twins = 100": "twins = 20",
    "num_classes = 4\n": "num_classes = 4\nimage_size = 32\n",
}  # fmt: skip


def commands(text: str) -> list[str]:
    """List the commands in a page's `bash` blocks, without comments and with continued lines joined."""
    code = "".join(body for language, body in FENCE.findall(text) if language == "bash")
    lines = (" ".join(shlex.split(line, comments=True)) for line in code.replace("\\\n", " ").splitlines())
    return [command for line in lines if line for command in line.split(" && ")]


def shortened(command: str, **places: object) -> str:
    """Return a command made smaller, with the places of files filled in."""
    for pattern, replacement in SHORTER:
        command = re.sub(pattern, replacement, command)
    return command.format(**places)


def named_files(text: str) -> dict[str, str]:
    """Map the name of each file that a page describes to its text: the last name in the paragraph before a block."""
    files = {}
    for block in FENCE.finditer(text):
        before = text[: block.start()].rstrip().removesuffix("<!-- not run -->").rstrip()
        names = re.findall(r"`([\w/-]+\.(?:py|toml|csv))`", before.rpartition("\n\n")[2])
        if names and block[1] in ("python", "toml", "text"):
            files[names[-1]] = block[2]
    return files


def dry(target: str) -> list[str]:
    """List what `make` would run for a target."""
    command = ["make", "-n", *shlex.split(target)[1:]]
    outside = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}  # of `make test` itself
    done = subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True)
    assert done.returncode == 0, f"{target}: {done.stderr}"
    return [line for line in done.stdout.splitlines() if line.startswith(".venv/bin/")]


def check_made(target: str) -> None:
    """Check that a `make` command exists and that every `spurgen` command that it would run can be parsed."""
    lines = dry(target)
    assert lines, f"{target} runs nothing"
    for line in lines:
        if PROGRAM.match(line):
            words = hyphenated(shlex.split(line)[1:])
            make_parser(words).parse_args(words)


def check_run(command: str) -> None:
    """Run a `spurgen` command in this process and check its exit code."""
    code = main(shlex.split(PROGRAM.sub("", command, count=1)))
    assert code == 0, f"exit code {code}: {command}"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text("utf-8")


@pytest.fixture(scope="session")
def scored(frozen_folder, tmp_path_factory):
    """Results of the quickstart's submission and of ERM, which several pages compare."""
    how = ["--suite", str(frozen_folder / "tiny.toml"), "--seeds", "0", "--cluster", "serial"]
    with chdir(tmp_path_factory.mktemp("scored")):
        Path("my_model.py").write_text(named_files(QUICKSTART)["my_model.py"])
        for row, *tasks in (("my_model.py", "small-text"), ("erm", "small-text", "small-image")):
            assert main(["score", row, "--tasks", *tasks, *how]) == 0
        return OWN.absolute()


@pytest.fixture
def reader(tmp_path, monkeypatch, request):
    """A folder with the files that the quickstart describes, and a home of its own; return a function to add more."""
    folder = tmp_path / "reader"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    folder.mkdir()
    monkeypatch.chdir(folder)

    def add(text: str) -> None:
        for file, code in named_files(text).items():
            for long, short in SMALLER_FILES.items():
                code = code.replace(long, short)
            Path(file).parent.mkdir(exist_ok=True)
            Path(file).write_text(code, encoding="utf-8")

    add(QUICKSTART)
    Path("model.py").write_text(Path("my_model.py").read_text())

    def prepare(text: str) -> None:
        add(text)
        if "compare my_model erm" in text:
            shutil.copytree(request.getfixturevalue("scored"), OWN)

    return prepare


WITH_COMMANDS = [page for page in PAGES if commands(page.read_text("utf-8"))]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("one_thread", "here", "baselines_here", "forgotten")
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_every_command_of_a_page_works(page, reader, suite_file, ladder_file, monkeypatch, capfd):
    text = page.read_text("utf-8")
    reader(text)
    places = {"tiny": suite_file, "ladder": ladder_file, "short": SHORT}
    for command in commands(text):
        if command in INSTALLS:
            continue
        if command.startswith("make "):
            check_made(command)
            continue
        if command.startswith("python "):
            _, script, *words = shlex.split(shortened(command, **places))
            if script.startswith("tools/"):  # in this process, which has imported torch
                monkeypatch.setattr(sys, "argv", [script, *words])
                with pytest.raises(SystemExit, match=r"^0$"):
                    runpy.run_path(str(ROOT / script), run_name="__main__")
            else:
                subprocess.run([sys.executable, script, *words], check=True)
            continue
        assert PROGRAM.match(command), f"{name(page)}: {command!r}: add it to INSTALLS, or use make or spurgen"
        try:
            check_run(shortened(command, **places))
        except AssertionError as error:
            raise AssertionError(f"{name(page)}: {error}\n{capfd.readouterr().err}") from None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_its_language(page):
    """Or commands in it would not be tested."""
    text = page.read_text("utf-8")
    assert all(language for language, _ in FENCE.findall(text))
    for language, code in FENCE.findall(text):
        assert language == "bash" or not re.search(r"^\$? ?(spurgen|make|pip) ", code, re.MULTILINE), code


def test_every_page_with_commands_is_tested():
    assert {"README.md", "docs/quickstart.md", "docs/suites.md", "submissions/README.md"} <= set(
        map(name, WITH_COMMANDS)
    )


def test_every_shortening_is_of_a_command_that_exists():
    every = [command for page in WITH_COMMANDS for command in commands(page.read_text("utf-8"))]
    for command in every:
        assert not re.search(r"[{}]", command)
    for place, (pattern, _) in enumerate(SHORTER):
        before = every
        for earlier, replacement in SHORTER[:place]:
            before = [re.sub(earlier, replacement, command) for command in before]
        assert any(re.search(pattern, command) for command in before), pattern
    assert set(every) >= INSTALLS


@pytest.mark.parametrize("command", ["benchmark", "check MODEL=x.py", "submit MODEL=x.py", "site"])
def test_a_command_for_users_leaves_the_results_of_the_package_alone(command):
    assert not [line for line in dry(f"make {command}") if "benchmark/" in line]
