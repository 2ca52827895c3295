"""The leaderboard as Markdown, CSV and JSON text."""

import html
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
from tabulate import tabulate

NOTE = (
    "Rank: 1 + the rows whose worst-group accuracy (WGA) is significantly higher (paired bootstrap over seeds and "
    "samples, Holm, 5 %); `=` marks ties, ordered by SSS, then |IG|. Brackets: 95 % intervals. SSS: Spurious "
    "Sensitivity Score; its floor is what redrawn nuisances alone change. IG: Invariance Gap, nats. Core: sensitivity "
    "to the class cue. CRA: counterfactual-robust accuracy. Access: what the submission was given besides labels."
)


def to_json(board: Mapping[str, Any]) -> str:
    """Writes the leaderboard as JSON; a NaN is an error."""
    return json.dumps(board, indent=1, allow_nan=False) + "\n"


def to_csv(board: Mapping[str, Any]) -> str:
    """Writes one line per task and row, ranked or not, nested figures as their own columns."""
    lines = [
        {"task": task, **row} for task, part in board["tasks"].items() for row in (*part["rows"], *part["unranked"])
    ]
    flat = pd.json_normalize(lines)
    for column in flat.select_dtypes(["object", "string"]):
        flat[column] = flat[column].map(_harmless)
    return flat.to_csv(index=False, lineterminator="\n")


def _harmless(cell: object) -> object:
    """Keeps a spreadsheet from running a text as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def to_markdown(board: Mapping[str, Any]) -> str:
    """Writes a table per task, and the overall ranks when there are several tasks."""
    parts = [f"# SpurGen {board['suite']} leaderboard", "", NOTE, ""]
    for name, part in board["tasks"].items():
        parts += [f"## {name}", "", task_table(part), ""]
        parts += [f"Not ranked: {_text(row['submission'])}: {_text(row['reason'])}  " for row in part["unranked"]]
        parts += [""] if part["unranked"] else []
    if len(board["tasks"]) > 1:
        parts += [
            f"## Overall: mean over {', '.join(board['overall']['tasks'])}",
            "",
            overall_table(board["overall"]),
            "",
        ]
        parts += [f"Not ranked: {_text(r['submission'])}: {_text(r['reason'])}  " for r in board["overall"]["unranked"]]
    parts += ["", f"Manifest SHA-256: `{board['manifest_sha256']}`", ""]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def task_table(part: Mapping[str, Any]) -> str:
    """Writes a task's ranked rows as a Markdown table."""
    lines = [
        {
            "Rank": _place(row),
            "Submission": _text(row["submission"]) + (" (ignores the core cue)" if row["ignores_core"] else ""),
            "Access": row["access"],
            "WGA": _with_interval(row, "wga"),
            "Accuracy": f"{row['accuracy']:.3f}",
            "SSS (floor)": f"{row['sss']:.3f} ({row['sss_placebo']:.3f})",
            "IG": f"{row['ig']:+.2f}",
            "Core": f"{row['core_sensitivity']:.2f}",
            "CRA": f"{row['cra']:.3f}",
            "Seeds": row["seeds"],
        }
        for row in part["rows"]
    ]
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def overall_table(overall: Mapping[str, Any]) -> str:
    """Writes the ranks over all tasks as a Markdown table."""
    lines = [
        {
            "Rank": _place(row),
            "Submission": _text(row["submission"]),
            "Access": row["access"],
            "Mean WGA": f"{row['wga']:.3f}",
            "Mean accuracy": f"{row['accuracy']:.3f}",
            "Mean SSS": f"{row['sss']:.3f}",
        }
        for row in overall["rows"]
    ]
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['rank']}{'=' if row['tied'] else ''}"


def _with_interval(row: Mapping[str, Any], figure: str) -> str:
    low, high = row[f"{figure}_ci"]
    return f"{row[figure]:.3f} [{low:.3f}, {high:.3f}]"


def _text(text: str) -> str:
    """Keeps a stranger's text from being more than text in Markdown."""
    return html.escape(text).replace("|", "\\|").replace("\n", " ").replace("`", "'").replace("[", "\\[")
