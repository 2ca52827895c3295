"""All plots: one style, drawn from tables, for reports, papers, the site and the README."""
