"""Profile an encoder: how many counterexamples ERM needs on its features, beside other encoders."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.suite import DEFAULT_SUITE
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import add_jobs, add_out, add_seeds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "encoder", help="a file with encode, torchvision:NAME, timm:NAME, open_clip:NAME/WEIGHTS, "
        "sentence-transformers:NAME, hf:NAME, or one of the package, such as minilm or pixels",
    )  # fmt: skip
    parser.add_argument("--modality", choices=("image", "text"), help="where it reads both; default: image")
    add_seeds(parser, "0", "0; each is a world of the suite")
    add_jobs(parser, "processes that encode at a time; default: one per core")
    add_out(parser, "folder of the card, as JSON and SVG", Path("profile"))


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Encode, train ERM on every rung, write the card and print it beside the stored ones."""
    check_writable(arguments.out, "--out")
    from spurgen.benchmark.plugins import BASELINES  # imported late: torch is slow to import
    from spurgen.harness.options.submissions import compute_features
    from spurgen.harness.public.card import ladders_of, make_card, stored_cards
    from spurgen.harness.public.measuring import ladder
    from spurgen.harness.running.encoder_sources import check_half, encoder_of
    from spurgen.harness.running.job import Job
    from spurgen.harness.statistics.estimate import Estimate

    spec, half = arguments.encoder, check_half(arguments.encoder, arguments.modality)
    encoder, ladders, others = encoder_of(half, spec), ladders_of(half), stored_cards(half, arguments.out)
    jobs = [
        Job(rungs[0].in_world(seed), f"{BASELINES}.erm:submission", seed, "", frozen=DEFAULT_SUITE, encoder=spec)
        for rungs in ladders.values()
        for seed in arguments.seeds
    ]
    compute_features(jobs, console, arguments.jobs)
    measured = {}
    with samples_bar(console, len(jobs), "ladders trained") as advance:
        for name, tasks in ladders.items():
            measured[name] = ladder("erm", tasks[0], seeds=arguments.seeds, encoder=spec)
            advance(len(arguments.seeds))
    card = make_card(spec, half, encoder.width, encoder.weights, measured, arguments.seeds)
    others = [other for other in others if other.encoder != spec]
    report = card.report(others)
    name = Path(spec).stem if spec.endswith(".py") else spec.replace(":", "-").replace("/", "-")
    write_atomically(arguments.out / f"{name}.json", report.to_json())
    from spurgen.harness.plots.ladder import draw_own_ladder  # after what says that torch is missing, if it is
    from spurgen.harness.plots.style import save

    rungs = [*(curve := card.curve(card.drawn))]
    of_each = {each.encoder: each.curve(card.drawn) for each in others if card.drawn in each.needed}
    curves = {
        encoder: [Estimate(of[m]) for m in rungs]
        for encoder, of in {spec: curve, **of_each}.items() if [*of] == rungs
    }  # fmt: skip
    axis = f"counterexamples in train, on {card.drawn}"
    save(draw_own_ladder(curves, rungs, None, axis), arguments.out / f"{name}.svg")
    say(console, f"wrote {name}.json and {name}.svg to {arguments.out}")
    print(report.to_text(console.width))
    return 0
