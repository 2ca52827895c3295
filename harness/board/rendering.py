"""The leaderboard as Markdown text."""

import html
from collections.abc import Collection, Sequence
from dataclasses import replace

from spurgen.benchmark.checkpoint_rules import RULES
from spurgen.harness.board.schema import BoardRow, Leaderboard, TaskBoardRow, Unranked
from spurgen.harness.machine.printing import markdown_table

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
    "val by accuracy, and by WGA; a row has the one of them that its access tier allows. Private gap: WGA less "
    "that on splits nobody has seen. "
    "Verified: who ran it; self-reported is unchecked."
)
BRIEF = (
    "Rank: 1 + the rows whose worst-group accuracy (WGA) is significantly higher; `=` marks ties. Brackets: 95 % "
    "intervals. Columns and marks: docs/metrics.md."
)
SEED_MARKS = {"own": "", "pooled": "*", "unknown": "?"}


def to_markdown(board: Leaderboard, mine: Collection[str] = (), note: str = NOTE) -> str:
    """Return a table per task, and one per set of tasks over which the suite ranks a row; `>` marks rows `mine`."""
    parts = [f"# SpurGen {board.suite} leaderboard", "", note + (" `>`: your row." if mine else ""), ""]
    for name, part in board.tasks.items():
        parts += [f"## {name}", "", task_table(part.rows, mine), "", *_not_ranked(part.unranked), ""]
    for name, ranked in board.overall.items():
        if ranked.rows:
            title = f"## Overall, {name}: mean over {', '.join(ranked.tasks)}"
            parts += [title, "", overall_table(ranked.rows, mine), "", *_not_ranked(ranked.unranked), ""]
    parts += [f"Manifest SHA-256: `{board.manifest_sha256}`", ""]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def _not_ranked(rows: Sequence[Unranked]) -> list[str]:
    return [f"Not ranked: {as_text(row.submission)}: {as_text(row.reason)}  " for row in rows]


def to_terminal(board: Leaderboard, tasks: Collection[str] = (), mine: Collection[str] = ()) -> str:
    """Return the same as Markdown, briefer and without HTML escapes; of these tasks only, if any are named."""
    shown = {name: part for name, part in board.tasks.items() if not tasks or name in tasks}
    sets = {name: part for name, part in board.overall.items() if shown.keys() >= set(part.tasks)}
    return html.unescape(to_markdown(replace(board, tasks=shown, overall=sets), mine, BRIEF))


def task_table(rows: Sequence[TaskBoardRow], mine: Collection[str] = ()) -> str:
    """Return a task's ranked rows as a Markdown table; `>` marks rows `mine`."""
    lines = [
        {
            "Rank": place(row),
            "Submission": _named(row, mine) + (" (ignores the core cue)" if row.ignores_core else ""),
            "Access": as_text(row.access),
            "WGA": row.estimates["wga"].text(),
            "To ERM": _to_erm(row),
            "Accuracy": f"{row.value('accuracy'):.3f}",
            "SSS (floor)": f"{row.value('sss'):.3f} ({row.value('sss_placebo'):.3f})",
            "IG": f"{row.value('ig'):+.2f}",
            "Core": f"{row.value('core_sensitivity'):.2f}",
            "CRA": f"{row.value('cra'):.3f}",
            **({"By rule": _by_rule(row)} if any(row.selections for row in rows) else {}),
            **({"Private gap": _gap(row)} if any(row.private for row in rows) else {}),
            "Seeds": _seeds(row),
            "Verified": row.verification,
        }
        for row in rows
    ]
    return markdown_table(lines)


def overall_table(rows: Sequence[BoardRow], mine: Collection[str] = ()) -> str:
    """Return the ranks over a set of tasks as a Markdown table."""
    lines = [
        {
            "Rank": place(row),
            "Submission": _named(row, mine),
            "Access": as_text(row.access),
            "Mean WGA": row.estimates["wga"].text(),
            "Mean accuracy": f"{row.value('accuracy'):.3f}",
            "Mean SSS": f"{row.value('sss'):.3f}",
            "Seeds": _seeds(row),
        }
        for row in rows
    ]
    return markdown_table(lines)


def _named(row: BoardRow, mine: Collection[str]) -> str:
    return ("> " if row.submission in mine else "") + as_text(row.submission)


def _by_rule(row: TaskBoardRow) -> str:
    rules = [rule for rule in RULES if rule in row.selections or rule != "val_robust"]  # rows of v1 have no val_robust
    values = [row.selections.get(rule, {}).get("wga") for rule in rules]
    return " / ".join("-" if wga is None else f"{wga:.3f}" for wga in values) if row.selections else ""


def _gap(row: TaskBoardRow) -> str:
    if row.private is None:
        return ""
    low, high = row.private.gap_ci
    return f"{row.private.gap:+.3f} [{low:+.3f}, {high:+.3f}]"


def place(row: BoardRow) -> str:
    """Return a row's rank, with `=` where it is tied."""
    return f"{row.rank}{'=' if row.tied else ''}"


def _seeds(row: BoardRow) -> str:
    return f"{row.seeds}{SEED_MARKS[row.seed_variance]}"


def _to_erm(row: TaskBoardRow) -> str:
    against = row.against_erm
    if against is None:
        return ""
    verdict = "" if against.verdict == "undecided" else f" {against.verdict}"
    return f"{against.difference:+.3f}{verdict}"


def p_text(p_value: float) -> str:
    """Return a p-value to three decimals."""
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def p_equals(p_value: float) -> str:
    """Return a p-value for a sentence, as `p = 0.020` or `p < 0.001`."""
    shown = p_text(p_value)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


def as_text(text: str) -> str:
    """Return a stranger's text so that Markdown shows it as text and no more."""
    shown = "".join(c if c.isprintable() else " " for c in text)  # no newline, no escape sequence of a terminal
    return html.escape(shown).replace("|", "\\|").replace("`", "'").replace("[", "\\[")
