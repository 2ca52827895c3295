"""Tests of the benchmark itself, a file each: the file's name is the test's key in validity.json.

A test module has a docstring, which the report prints, `PLACE` (its position in the report), `TITLE`, and
`examine(suite)`, which returns its `Section` of the report.
"""
