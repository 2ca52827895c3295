"""Has a script and a formula in its name."""

# expected: ranked: as honest/reads_the_color.py
from color import fit as fit
from color import scores

NAME = "=HYPERLINK('http://x')<script>alert(1)</script>|`x`"


def predict(batch):
    return scores(batch)
