"""Questions about the benchmark itself, asked of its results.

A question is a file in `questions/`; its name is the question's key in validity.json. It has a docstring, which the
report prints, `PLACE` (its position in the report), `TITLE`, a claim of which *yes* is good, and `examine(suite)`,
which returns its `Answer`. `STILL`, which it may have, says what may be concluded although the claim does not hold.
"""
