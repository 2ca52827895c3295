"""The leaderboard as Markdown, CSV and JSON text."""

import html
import json
from collections.abc import Collection, Mapping
from typing import Any

from tabulate import tabulate

from spurgen.benchmark.checkpoint_rules import RULES

NOTE = (
    "Rank: 1 + the rows whose worst-group accuracy (WGA) is significantly higher (paired bootstrap over samples, with "
    "the variance over seeds added; Holm, 5 %); `=` marks ties, ordered by SSS, then |IG|. Brackets: 95 % intervals. "
    "SSS: Spurious Sensitivity Score; its floor is what redrawn nuisances alone change. IG: Invariance Gap, nats. "
    "Core: sensitivity to the class cue. CRA: counterfactual-robust accuracy. Access: what the submission was given "
    "besides labels. To ERM: WGA less ERM's on the seeds that both have, better or worse where it differs "
    "significantly (Holm, 5 %). The variance over seeds is the row's own or that pooled over the baselines' rows, "
    "whichever is larger, widened by Student's t; against a higher row always that pooled. "
    "Seeds: `*` one seed; `?` one seed on a task where no row has two that differ, so ranked as if "
    "seeds did not differ. By rule: WGA of the checkpoint that is the last, the best on "
    "val by accuracy, and by WGA; a row has the one of them that its access tier allows. Private gap: accuracy less "
    "that on splits nobody has seen. "
    "Verified: who ran it; self-reported is unchecked."
)
SEED_MARKS = {"own": "", "pooled": "*", "unknown": "?"}


def to_json(board: Mapping[str, Any]) -> str:
    """Writes the leaderboard as JSON; a NaN is an error."""
    return json.dumps(board, indent=1, allow_nan=False) + "\n"


def to_csv(board: Mapping[str, Any]) -> str:
    """Write a line per task and row, ranked or not, nested metrics as columns, to eight significant digits."""
    import pandas as pd  # takes a quarter of a second to import

    lines = [
        {"task": task, **row} for task, part in board["tasks"].items() for row in (*part["rows"], *part["unranked"])
    ]
    flat = pd.json_normalize([shortened({k: v for k, v in line.items() if v is not None}) for line in lines])
    if "rank" in flat:
        flat["rank"] = flat["rank"].astype("Int64")  # the unranked have none, which alone would make it 1.0
    for column in flat.select_dtypes(["object", "string"]):
        flat[column] = flat[column].map(_harmless)
    return flat.to_csv(index=False, lineterminator="\n")


def shortened(value: Any) -> Any:  # noqa: ANN401
    """Round every float to eight significant digits: the rest differs between machines."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value


def _harmless(cell: object) -> object:
    """Keeps a spreadsheet from running a text as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def to_markdown(board: Mapping[str, Any], mine: Collection[str] = ()) -> str:
    """Writes a table per task, and one per set of tasks over which the suite ranks some row; points at rows `mine`."""
    parts = [f"# SpurGen {board['suite']} leaderboard", "", NOTE + (" `>`: your row." if mine else ""), ""]
    for name, part in board["tasks"].items():
        parts += [f"## {name}", "", task_table(part, mine), "", *_not_ranked(part), ""]
    for name, part in board["overall"].items():
        if not part["rows"]:
            continue
        title = f"## Overall, {name}: mean over {', '.join(part['tasks'])}"
        parts += [title, "", overall_table(part, mine), "", *_not_ranked(part), ""]
    parts += [f"Manifest SHA-256: `{board['manifest_sha256']}`", ""]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def _not_ranked(part: Mapping[str, Any]) -> list[str]:
    return [f"Not ranked: {as_text(row['submission'])}: {as_text(row['reason'])}  " for row in part["unranked"]]


def to_terminal(board: Mapping[str, Any], tasks: Collection[str] = (), mine: Collection[str] = ()) -> str:
    """Writes the same as Markdown for the eye, without HTML's escapes; of some tasks only, if any are named."""
    shown = {name: part for name, part in board["tasks"].items() if not tasks or name in tasks}
    sets = {name: part for name, part in board["overall"].items() if shown.keys() >= set(part["tasks"])}
    return html.unescape(to_markdown({**board, "tasks": shown, "overall": sets}, mine))


def task_table(part: Mapping[str, Any], mine: Collection[str] = ()) -> str:
    """Writes a task's ranked rows as a Markdown table; `>` points at those called `mine`."""
    lines = [
        {
            "Rank": place(row),
            "Submission": _named(row, mine) + (" (ignores the core cue)" if row["ignores_core"] else ""),
            "Access": as_text(row["access"]),
            "WGA": _with_interval(row, "wga"),
            "To ERM": _against(row),
            "Accuracy": f"{row['accuracy']:.3f}",
            "SSS (floor)": f"{row['sss']:.3f} ({row['sss_placebo']:.3f})",
            "IG": f"{row['ig']:+.2f}",
            "Core": f"{row['core_sensitivity']:.2f}",
            "CRA": f"{row['cra']:.3f}",
            **({"By rule": _by_rule(row)} if any(row["selections"] for row in part["rows"]) else {}),
            **({"Private gap": _gap(row)} if any(row["private"] for row in part["rows"]) else {}),
            "Seeds": _seeds(row),
            "Verified": row["verification"],
        }
        for row in part["rows"]
    ]
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def overall_table(overall: Mapping[str, Any], mine: Collection[str] = ()) -> str:
    """Writes the ranks over a set of tasks as a Markdown table."""
    lines = [
        {
            "Rank": place(row),
            "Submission": _named(row, mine),
            "Access": as_text(row["access"]),
            "Mean WGA": _with_interval(row, "wga"),
            "Mean accuracy": f"{row['accuracy']:.3f}",
            "Mean SSS": f"{row['sss']:.3f}",
            "Seeds": _seeds(row),
        }
        for row in overall["rows"]
    ]
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def _named(row: Mapping[str, Any], mine: Collection[str]) -> str:
    return ("> " if row["submission"] in mine else "") + as_text(row["submission"])


def _by_rule(row: Mapping[str, Any]) -> str:
    found = [row["selections"].get(rule, {}).get("wga") for rule in RULES]
    return " / ".join("-" if wga is None else f"{wga:.3f}" for wga in found) if row["selections"] else ""


def _gap(row: Mapping[str, Any]) -> str:
    if not row["private"]:
        return ""
    if "failed" in row["private"]:
        return "failed"
    low, high = row["private"]["gap_ci"]
    return f"{row['private']['gap']:+.3f} [{low:+.3f}, {high:+.3f}]"


def place(row: Mapping[str, Any]) -> str:
    """Writes a row's rank, with `=` where it is tied."""
    return f"{row['rank']}{'=' if row['tied'] else ''}"


def _with_interval(row: Mapping[str, Any], figure: str) -> str:
    low, high = row[f"{figure}_ci"]
    return f"{row[figure]:.3f} [{low:.3f}, {high:.3f}]"


def _seeds(row: Mapping[str, Any]) -> str:
    return f"{row['seeds']}{SEED_MARKS[row['seed_variance']]}"


def _against(row: Mapping[str, Any]) -> str:
    found = row["against_erm"]
    if found is None:
        return ""
    verdict = "" if found["verdict"] == "undecided" else f" {found['verdict']}"
    return f"{found['difference']:+.3f}{verdict}"


def p_text(p_value: float) -> str:
    """Writes a p-value to three decimals."""
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def as_text(text: str) -> str:
    """Keeps a stranger's text from being more than text in Markdown."""
    shown = "".join(c if c.isprintable() else " " for c in text)  # no newline, no escape sequence of a terminal
    return html.escape(shown).replace("|", "\\|").replace("`", "'").replace("[", "\\[")
