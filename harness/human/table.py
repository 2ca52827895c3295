"""The people on a task as Markdown text."""

from spurgen.harness.human.people import People
from spurgen.harness.human.summary import PeopleMean, PersonRow, mean_of
from spurgen.harness.machine.printing import markdown_table

STYLE = ".2f"
NOTE = (
    "People saw some of the classes and few scenes, so their rows are not ranked. Robust accuracy: the lowest accuracy "
    "of an alignment pattern. Aligned: accuracy where all channels agree with the class. By ...: shares of the answers "
    "where every channel conflicts, by the cue that they follow. Attention: whether Aligned is significantly above "
    "chance. Learned: whether practice ended by its criterion. Brackets: 95 % intervals. Means are over attentive "
    "people. How it was asked: docs/human.md."
)


def people_text(people: People) -> list[str]:
    """Return the lines of a task's block of people: a table, then who has not finished."""
    lines = [_line(row) for row in people.rows]
    mean = mean_of(people.rows)
    if mean:
        lines.append(_mean_line(mean))
    table = [markdown_table(lines), "", NOTE, ""] if lines else []
    unfinished = [f"Not finished: {name}, {count} test answers  " for name, count in people.unfinished.items()]
    return ["### People", "", *table, *unfinished, *([""] if unfinished else [])]


def _line(row: PersonRow) -> dict[str, str]:
    return {
        "Person": row.annotator,
        "World": f"{row.world}",
        "Classes": f"{row.classes}",
        "Chance": format(row.chance, STYLE),
        **_measured(row),
        "Attention": "yes" if row.attentive else "no",
        "Learned": "yes" if row.learned else "no",
        "Answers": f"{row.answers}",
        "Seconds": f"{row.milliseconds / 1000:.1f}",
    }


def _mean_line(mean: PeopleMean) -> dict[str, str]:
    return {"Person": f"Mean of {mean.people}"} | _measured(mean)


def _measured(row: PersonRow | PeopleMean) -> dict[str, str]:
    return {
        "Robust accuracy": row.robust_accuracy.text(STYLE),
        "Aligned": row.aligned_accuracy.text(STYLE),
        "By core cue": row.follows_core.text(STYLE),
        **{f"By {name}": share.text(STYLE) for name, share in row.follows_channel.items()},
        "By none": row.follows_none.text(STYLE),
    }
