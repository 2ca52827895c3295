"""A parser of command lines that refuses unknown flags where they belong, and suggests the similar ones."""

import argparse
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suggest import suggestion


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` of a command, or of an action of one; its errors are `SpurgenError`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **{"allow_abbrev": False, **named})

    def parse_known_args(  # type: ignore[override]  # argparse's has overloads
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse everything; unlike argparse, the parser of a command itself refuses what it does not know."""
        if self._subparsers is None:  # otherwise the words after an action belong to it
            self._refuse_unknown(args or ())
        parsed, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unexpected argument {rest[0]!r}")
        return parsed, rest

    def _refuse_unknown(self, words: Iterable[str]) -> None:
        """Raise `SpurgenError` for an unknown flag, before one for a missing required flag that it may be a slip of."""
        for word in words:
            if word == "--":
                return
            flag = word.partition("=")[0]
            if flag.startswith("--") and flag not in self._option_string_actions:
                similar = get_close_matches(flag, self._option_string_actions, n=1)
                self.error(f"unknown flag {flag}" + "".join(f"; did you mean {name}?" for name in similar))

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401
        if action.choices is not None and value not in action.choices:
            flag = f"{action.option_strings[0]}: " if action.option_strings else ""
            what = "" if flag else f"{action.metavar or action.dest} "
            self.error(f"{flag}there is no {what}{value!r}; {suggestion(value, action.choices)}")

    def error(self, message: str) -> NoReturn:
        """Raise `SpurgenError` with the message, and the command that lists the flags."""
        of_ours, _, rest = self.prog.partition("spurgen")
        command = f"{self.prog} --help" if of_ours else spurgen(f"{rest.lstrip()} --help".lstrip())
        raise SpurgenError(f"{message}\nsee {command}")
