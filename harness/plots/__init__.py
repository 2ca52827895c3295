"""All plots: one style, drawn from tables, for reports, papers, the site and the README."""

from spurgen.benchmark.shell import check_packages

check_packages(["matplotlib"], "a plot", "plots")
