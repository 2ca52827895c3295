"""Every picture of numbers: one style, drawn from tables, for reports, papers, the site and the README."""
