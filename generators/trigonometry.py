"""Integer sine and cosine, identical on every machine: no libm, no floats."""

from functools import cache

import numpy as np

from spurgen.generators.streams import Int64

TURN = 4096  # angle units per full turn
UNIT_BITS = 30
_GUARD = 96
_PI_2 = 157079632679489661923132169163975144209858469968755291048747  # pi / 2 in 1e-59 units


@cache
def _sine_table() -> Int64:
    """Return round(2**30 sin) over a full turn, by Taylor series in big integers."""
    unit = 1 << _GUARD
    quarter = []
    for step in range(TURN // 4 + 1):
        x = (unit * _PI_2 * step) // (10**59 * (TURN // 4))
        term, total, k = x, 0, 1
        while term:
            total += term
            term = -(((term * x) >> _GUARD) * x >> _GUARD) // ((k + 1) * (k + 2))
            k += 2
            if -4 < term < 4:
                break
        quarter.append((total + (1 << (_GUARD - UNIT_BITS - 1))) >> (_GUARD - UNIT_BITS))
    half = quarter + quarter[-2:0:-1]
    return np.array(half + [-v for v in half], np.int64)


def sine(angle: Int64) -> Int64:
    """Return 2**30 sin(angle) as int64; `angle` int64 in 1/4096 turns, any sign."""
    return _sine_table()[angle % TURN]


def cosine(angle: Int64) -> Int64:
    """Return 2**30 cos(angle) as int64; `angle` int64 in 1/4096 turns, any sign."""
    return _sine_table()[(angle + TURN // 4) % TURN]
