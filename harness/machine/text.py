"""Untrusted text in every format: names and reasons come from submissions and may contain anything."""

import html
import re

from spurgen.benchmark.errors import harmless

MARKUP = re.compile(r"[\\*~|\[\]]|(?<![^\W_])_|_(?![^\W_])")
"""Characters that Markdown may take for markup; an underscore between letters, as in `group_dro`, never is."""
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}", "[": "{[}", "*": "{*}", "†": r"\textdagger{}",
}  # fmt: skip
"""LaTeX's special characters; `[` or `*` at the start of a row would be an argument of the preceding line's end."""
LAST = 0x17F  # later characters need packages of LaTeX


def one_line(text: str) -> str:
    """Return a text on one line, without characters that are invisible or reorder the text around them."""
    return harmless(" ".join(text.split()))


def as_markdown(text: str) -> str:
    """Return a text on one line, escaped for Markdown."""
    return MARKUP.sub(r"\\\g<0>", html.escape(one_line(text)).replace("`", "'"))


def as_cell(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula, without control characters."""
    return ("'" if text[:1] in FORMULAS else "") + harmless(text.replace("\r", " "))


def as_latex(text: str) -> str:
    """Return a text on one line, escaped for LaTeX, with ? for characters that need a package."""
    return "".join(LATEX.get(c, c if ord(c) <= LAST else "?") for c in one_line(text))
