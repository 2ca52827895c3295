"""Attributes, and which value of one goes with each class: named by the user, or taken from the train split."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import suggestion
from spurgen.harness.evaluation.columns import FLAG
from spurgen.harness.evaluation.predictions import Attribute, flag
from spurgen.harness.evaluation.tables import places, values_of
from spurgen.harness.machine.printing import p_equals
from spurgen.harness.metrics.arrays import Float64, Int64

ALPHA = 0.001  # of the test of whether an attribute goes with the class at all; train splits are large
UNKNOWN = (
    "no split is called train, where the value that goes with each class is looked up; name it by "
    "--aligned ATTRIBUTE CLASS=VALUE ..."
)

Aligned = Mapping[str, Mapping[Any, Any]]
"""By attribute: the value that goes with each class."""


def attributes_of(factors: pd.DataFrame, aligned: Aligned, train: pd.DataFrame | None = None) -> tuple[Attribute, ...]:
    """Return the attributes of samples, with the value that goes with each class where that is known.

    `factors`: label, then attributes, all categorical; `train`: those of the train split, in which values that are not
    `aligned` are looked up. Raises `SpurgenError` for values `aligned` of an unknown attribute, or needlessly, and as
    `named` does.
    """
    label, *names = map(str, factors)
    for name in aligned:
        if name not in names:
            raise SpurgenError(f"--aligned {name}: there is no attribute {name!r}; {suggestion(name, names)}")
        if name.endswith(FLAG):
            raise SpurgenError(f"--aligned {name} has no effect: its column says what goes with the class")
    classes, made = values_of(factors[label]), []
    for name in names:
        values, ids = values_of(factors[name]), places(factors[name])
        one = flag(name, ids, len(classes)) if name.endswith(FLAG) else Attribute(name, values, ids)
        if name in aligned:
            words = {str(label): str(value) for label, value in aligned[name].items()}
            one = replace(one, aligned=named(name, values, classes, words))
        elif train is not None and not one.is_flag:
            value, why = in_train(name, places(train[label]), places(train[name]), classes)
            one = replace(one, aligned=value, unaligned=why)
        made.append(one)
    return tuple(made)


def named(name: str, values: Sequence[str], classes: Sequence[str], aligned: Mapping[str, str]) -> Int64:
    """Return the value that goes with each class, int64 (K,): the place in `values` of the one that `aligned` names.

    Raises `SpurgenError` for a class or value that does not exist, a class without a value, or classes that share one.
    """
    for what, asked, known in (("class", aligned, classes), ("value", aligned.values(), values)):
        for word in asked:
            if word not in known:
                raise SpurgenError(f"--aligned {name}: there is no {what} {word!r}; {suggestion(word, known)}")
    lacking = [c for c in classes if c not in aligned]
    if lacking:
        raise SpurgenError(f"--aligned {name} says nothing of {lacking[0]}; name a value for every class")
    of_value: dict[str, str] = {}
    for c in classes:
        other = of_value.setdefault(aligned[c], c)
        if other != c:
            raise SpurgenError(
                f"--aligned {name}: {other} and {c} have the same value {aligned[c]}, which does not tell them apart; "
                "name another value for each class, or leave --aligned out: accuracy if misled is not defined"
            )
    return np.array([values.index(aligned[c]) for c in classes], dtype=np.int64)


def in_train(name: str, labels: Int64, ids: Int64, classes: Sequence[str]) -> tuple[Int64 | None, str]:
    """Return the value that goes with each class in train, int64 (K,), or None and the reason why it is not known.

    `labels`, `ids`: class and value of attribute `name` of the train samples, int64 (n,).
    """
    from scipy.stats import chi2_contingency  # takes half a second to import

    if not len(labels):
        return None, UNKNOWN
    lacking = [c for k, c in enumerate(classes) if not (labels == k).any()]
    if lacking:
        why = f"the train split has no sample of {lacking[0]}, so name its values by --aligned {name} CLASS=VALUE ..."
        return None, why
    counts = np.zeros((len(classes), int(ids.max()) + 1))
    np.add.at(counts, (labels, ids), 1)
    p_value = float(chi2_contingency(counts[:, counts.any(axis=0)]).pvalue)
    if p_value > ALPHA:
        chance = f"more than by chance ({p_equals(p_value)})"
        return None, f"in the train split, no value of {name} goes with a class {chance}"
    aligned = aligned_values(counts)
    if len(set(aligned.tolist())) < len(classes):
        return None, f"in the train split, classes share the value of {name} that goes with them"
    return aligned, ""


def aligned_values(counts: Float64) -> Int64:
    """Return the value that goes with each class, int64 (K,): the one that is most over-represented in it.

    `counts`: samples of each class and value, float64 (K, V). That is the value whose share in the class exceeds its
    share in all samples most.
    """
    shares = counts / counts.sum(axis=1, keepdims=True) - counts.sum(axis=0) / counts.sum()
    aligned: Int64 = shares.argmax(axis=1)
    return aligned
