"""Training seeds as the command line writes them."""


class Seeds(tuple[int, ...]):
    """Training seeds in ascending order; as text, what `--seeds` takes."""

    def __str__(self) -> str:
        """Return a range if no seed is left out, else a list."""
        first, last = self[0], self[-1]
        in_a_row = len(self) > 1 and len(self) == last - first + 1
        return f"{first}-{last}" if in_a_row else ",".join(map(str, self))
