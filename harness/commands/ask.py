"""Ask a language model in context how many counterexamples it needs: an OpenAI-compatible server, or a GGUF file."""

import argparse
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.shell import pip_install
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.pool import explain_stop
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import add_jobs, add_results, between, refuse, up_to
from spurgen.harness.results.store import IN_CONTEXT

if TYPE_CHECKING:
    from spurgen.harness.context.episodes import Episode, Scores
    from spurgen.harness.context.models import Model
    from spurgen.harness.context.replies import Answers

CHARACTERS = 4  # per token, about


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add = parser.add_argument
    add("--model", metavar="MODEL", help="the model's name, as the server knows it; smollm2 alone needs no server")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--endpoint", metavar="URL", help="an OpenAI-compatible server, such as "
                       "http://localhost:8000/v1; a key is read from OPENAI_API_KEY")  # fmt: skip
    where.add_argument("--gguf", type=Path, metavar="FILE", help="a GGUF file, computed here in float32")
    add("--episodes", type=up_to(1000), default=60, metavar="N", help="episodes to ask about; default: 60")
    add("--limit", type=up_to(10_000_000), metavar="N", help="requests at most; the same command goes on from there")
    add("--dry-run", action="store_true", help="say how many requests and tokens it takes, and send none")
    add("--yes", action="store_true", help="start; not needed where all answers are stored")
    add_results(parser)
    _add_servers(parser)


def _add_servers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("servers")
    group.add_argument("--chat", action="store_true", help="ask /chat/completions, not /completions")
    group.add_argument("--samples", type=up_to(1000), metavar="N",
                       help="texts a query, where the server has no log-probabilities")  # fmt: skip
    group.add_argument("--top", type=up_to(100), metavar="N", help="log-probabilities to ask for; default: 20")
    group.add_argument("--timeout", type=between(0.1, 3600), metavar="SECONDS", help="for a reply; default: 60")
    add_jobs(group, "requests at a time; default: 4")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print the cost, query the model, print the ladder beside exact Bayes and probes, and write the row.

    Without `--yes`, print the cost alone if there is any.
    """
    _check(arguments)
    from spurgen.harness.context.episodes import draw
    from spurgen.harness.context.models import ask, prompts_of  # imported late: loads what draws and an HTTP client
    from spurgen.harness.context.replies import Answers
    from spurgen.harness.context.report import report_of

    folder = arguments.results / IN_CONTEXT
    answers = Answers(folder / "requests", arguments.limit)
    name, model = _model(arguments, answers)
    episodes = [draw(number) for number in range(arguments.episodes)]
    prompts = prompts_of(episodes)
    if not _may_start(model, prompts, arguments, console):
        return 0
    check_writable(folder, "--results")
    jobs = (arguments.jobs or 4) if arguments.endpoint else 1
    try:
        kept = "answers so far are kept: the same command goes on from there"
        with explain_stop(kept), samples_bar(console, len(prompts), "prompts") as advance:
            asked = ask(model, episodes, jobs, lambda: advance(1))
    finally:
        prompted, answered = answers.tokens
        say(console, f"sent {answers.sent:,} requests, {answers.repeated:,} of them again after a failure: "
            f"{prompted:,} tokens of prompts and {answered:,} of answers, as far as they were counted")  # fmt: skip
    if asked.unread:
        say(console, f"{asked.unread:,} answers named no label and count as none")
    if asked.episodes < len(episodes):
        say(console, f"{asked.episodes} of {len(episodes)} episodes are answered; the same command goes on")
    if not asked.episodes:
        return 0
    beside = _beside(episodes[: asked.episodes], console)
    report = report_of(name, model.source, {name: asked.scores, **beside})
    print(report.to_text(console.width))
    path = folder / f"{_label(name, model.source)}.json"
    write_atomically(path, report.to_json())
    say(console, f"wrote {path}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Raise `SpurgenError` for flags that do not go together."""
    if not arguments.endpoint:
        refuse(arguments, _add_servers, "without --endpoint")
    if arguments.samples and arguments.top:
        raise SpurgenError("--top asks for log-probabilities and --samples for texts; leave one out")
    if not arguments.model and not arguments.gguf:
        raise SpurgenError("name a model by --model, with --endpoint URL, or a file by --gguf")


def _model(arguments: argparse.Namespace, answers: "Answers") -> tuple[str, "Model"]:
    """Return the model that the flags name, and its name in the report."""
    if arguments.endpoint:
        from spurgen.harness.context.models import Endpoint

        return arguments.model, Endpoint(
            arguments.endpoint, arguments.model, answers, chat=arguments.chat, samples=arguments.samples or 0,
            top=arguments.top or 20, timeout=arguments.timeout or 60.0,
        )  # fmt: skip
    from spurgen.harness.context.models import PACKAGED, Local, packaged

    if arguments.gguf is None and arguments.model not in PACKAGED:
        raise SpurgenError(f"--model {arguments.model}: name its server by --endpoint, or a file by --gguf; "
                           f"without either there is {', '.join(PACKAGED)}")  # fmt: skip
    file = arguments.gguf or packaged(arguments.model)
    return arguments.model or file.stem, Local(file, answers)


def _may_start(model: "Model", prompts: list[Any], arguments: argparse.Namespace, console: Console) -> bool:
    """Print what is to be asked, and what it costs; return whether to go on."""
    missing, characters = model.missing(prompts)
    what = "requests at least" if arguments.samples else "requests"
    limited = f"; --limit {arguments.limit:,}" if arguments.limit else ""
    say(console, f"episodes: {arguments.episodes}; {missing:,} {what} to send, about "
        f"{characters // CHARACTERS:,} tokens; what is stored is not asked again{limited}")  # fmt: skip
    damaged = sorted(model.answers.damaged)
    if damaged:
        say(console, f"{len(damaged):,} stored answers are damaged, were edited, or have no checksum since an earlier "
            f"spurgen stored them, such as {damaged[0]}: they count as missing and will be replaced; to keep them, "
            "name another --results")  # fmt: skip
    if arguments.dry_run:
        return False
    if missing and not arguments.yes:
        say(console, "nothing was started; add --yes to start")
        return False
    return True


def _beside(episodes: list["Episode"], console: Console) -> dict[str, dict[str, "Scores"]]:
    """Return the scores of the exact Bayesian learner and of probes, where MiniLM is installed."""
    import numpy as np

    from spurgen.harness.context.episodes import RUNGS, Scores, available, bayes_odds, probe_odds
    from spurgen.harness.context.report import EXACT

    exact = [[bayes_odds(each.demonstrations[rung], each.queries) for rung in RUNGS] for each in episodes]
    found = {EXACT: np.array(exact)}
    if available():
        say(console, "training MiniLM's probes on the same demonstrations")
        found |= {f"MiniLM probe, C = {c:g}": odds for c, odds in probe_odds(episodes).items()}
    else:
        say(console, f"no probe of MiniLM, which is not installed; run {pip_install('models')}")
    second = np.ones(len(episodes), np.int64)
    return {name: {"": Scores(odds, second)} for name, odds in found.items()}


def _label(name: str, source: dict[str, Any]) -> str:
    """Return the name of a row's file; models of one name at two places have different ones."""
    digest = hashlib.sha256(json.dumps([name, source], sort_keys=True).encode()).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9.+-]', '_', name)[:64].lstrip('.')}-{digest[:8]}"
