"""CivilComments (Borkan et al. 2019) as WILDS distributes it: is a comment toxic, and does it name an identity.

The attribute is WILDS's `identity_any`: a mention of any of the annotated identities, so there are four groups. WILDS
reports the worst of sixteen overlapping groups, eight identities times two classes.
"""

from pathlib import Path

from spurgen.harness.anchor.dataset import TEST, TRAIN, VAL, Listing
from spurgen.harness.anchor.layouts._tables import above_half, coded, read_columns

TABLE = "all_data_with_identities.csv"
MARKS = (TABLE,)
SPLITS = {"train": TRAIN, "val": VAL, "test": TEST}


def read(folder: Path) -> Listing:
    """Return the comments; raise `SpurgenError` for a bad table."""
    path = folder / TABLE
    table = read_columns(path, ["comment_text", "split", "toxicity", "identity_any"])
    return Listing(
        "civilcomments", "text", ("civil", "toxic"), "identity", ("none named", "identity named"),
        list(table["comment_text"]),
        above_half(path, table, "toxicity"), above_half(path, table, "identity_any"),
        coded(path, table, "split", SPLITS),
    )  # fmt: skip
