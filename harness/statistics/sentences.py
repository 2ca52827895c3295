"""What can and what cannot be concluded on a task, in sentences."""

from collections.abc import Iterable, Mapping
from typing import Any

from spurgen.harness.statistics.against import ALPHA, ERM, Against
from spurgen.harness.statistics.separation import Tiers

FEW_SEEDS = 5  # below it, the seeds' own spread is hardly known


def describe(
    task: str,
    table: Mapping[str, Against],
    *,
    separation: Tiers | None = None,
    unranked: Iterable[Mapping[str, Any]] = (),
) -> list[str]:
    """Says what a task's rows show and what they do not, in plain text, most certain first.

    `table`: from `against_erm`; `separation`: from `tiers`, of all rows with ERM; `unranked`: the
    leaderboard's, each with `submission` and `reason`. Names are not escaped.
    """
    excluded = {row["submission"]: row["reason"] for row in unranked}
    told = _no_comparison(task, excluded) if not table else _comparison(task, table)
    told += _tiers(separation) if separation else []
    told += [f"Nothing is concluded about {name}: {reason}." for name, reason in sorted(excluded.items())]
    return told


def _no_comparison(task: str, excluded: Mapping[str, str]) -> list[str]:
    if ERM in excluded:
        return [f"On {task} no method can be compared with ERM, which is not ranked."]
    return [f"On {task} nothing is there to compare: it takes a ranked row of ERM and one of another method."]


def _comparison(task: str, table: Mapping[str, Against]) -> list[str]:
    """Sorts the methods by verdict and adds what limits each."""
    told = []
    for verdict, how in (("better", "higher"), ("worse", "lower")):
        some = {name: row for name, row in table.items() if row["verdict"] == verdict}
        if some:
            told.append(f"On {task} worst-group accuracy is significantly {how} than ERM's for {_listed(some)}.")
    undecided = {name: row for name, row in table.items() if row["verdict"] == "undecided"}
    if undecided:
        widest = max(max(map(abs, row["interval"])) for row in undecided.values())
        told.append(
            f"On {task} these cannot be told apart from ERM: {_listed(undecided)}. Not significant is not equal: "
            f"differences of up to {widest:.3f} either way are left open."
        )
    told.append(
        f"p-values are Holm-corrected for {len(table)} methods; intervals, of 95 % each, are not. A verdict is about "
        "these data, settings and this many seeds, not about the methods at large."
    )
    return told + _about_seeds(table) + _about_access(table)


def _listed(rows: Mapping[str, Against]) -> str:
    best_first = sorted(rows.items(), key=lambda item: (-item[1]["difference"], item[0]))
    return ", ".join(f"{name} ({_effect(row)})" for name, row in best_first)


def _effect(row: Against) -> str:
    low, high = row["interval"]
    p = row["p_bootstrap_holm"]
    shown = "p < .001" if p < 0.001 else f"p = {p:.3f}"
    return f"{row['difference']:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}, {shown}"


def _about_seeds(table: Mapping[str, Against]) -> list[str]:
    """Says where the number of seeds, or the t-test over them, weakens a verdict."""
    told = []
    if single := [name for name, row in sorted(table.items()) if row["seeds"] == 1]:
        told.append(
            f"{_some(single, table)}: one seed only. How much training varies is not known, so what is said holds for "
            "the trained models and not for the methods."
        )
    if few := [name for name, row in sorted(table.items()) if 1 < row["seeds"] < FEW_SEEDS]:
        told.append(
            f"{_some(few, table)}: fewer than {FEW_SEEDS} seeds. Where training varies much, such p-values are too "
            "small."
        )
    doubtful = [
        name
        for name, row in sorted(table.items())
        if row["verdict"] != "undecided" and row["p_seeds_holm"] is not None and row["p_seeds_holm"] >= ALPHA
    ]
    if doubtful:
        told.append(
            f"{', '.join(doubtful)}: the paired t-test over seeds alone does not confirm the difference at "
            f"{100 * ALPHA:.0f} %; more seeds would settle it."
        )
    return told


def _some(names: list[str], table: Mapping[str, Against]) -> str:
    return "Every method" if len(names) == len(table) else ", ".join(names)


def _about_access(table: Mapping[str, Against]) -> list[str]:
    """Names the methods that were given other data than ERM."""
    other = [f"{name} ({row['access']})" for name, row in sorted(table.items()) if row["access"] != row["erm_access"]]
    if not other:
        return []
    given = next(iter(table.values()))["erm_access"]
    return [f"ERM has access {given}. Given more or other annotations, so no like-for-like rival: {', '.join(other)}."]


def _tiers(separation: Tiers) -> list[str]:
    """Says how many levels can be told apart."""
    count, rows = separation["count"], sum(map(len, separation["members"]))
    if count < 2:
        return [f"No two of the {rows} rows can be told apart."] if rows > 1 else []
    return [
        f"Among {rows} rows at least {count} levels of worst-group accuracy can be told apart, for instance "
        f"{' > '.join(separation['chain'])}. Rows of one tier may still differ."
    ]
