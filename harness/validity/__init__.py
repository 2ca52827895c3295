"""Is the benchmark any good? One test a file, found by its name, which is its key in the report.

A test has `PLACE` (where the report shows it), `TITLE`, `JUDGED` (whether it can fail), `examine(evidence)`, which
returns what goes into JSON, `passed` and `missing` among it, and `tell(result)` and `draw(result)`, which make
Markdown and a figure of that.
"""
