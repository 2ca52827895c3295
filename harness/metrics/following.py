"""Whether answers follow a shortcut that is switched to another class, or the thing that is exchanged.

Answers are predicted classes, int64 (n,), so neither temperature nor scale matters.
"""

from spurgen.harness.metrics.arrays import Bool, Labels, as_flags, as_integers, failure


def follow_rate(answers: Labels, labels: Labels, values: Labels, aligned: Bool) -> float:
    """Return the share of answers that follow a switched shortcut, in [0, 1].

    `answers`: classes predicted for samples of which the shortcut shows `values`; `labels`: their classes; integers
    (n,). `aligned`: bool (V, K), True where value v goes with class k. A sample counts if its value goes with other
    classes than its own, and it follows if the answer is one of these. Raises `MetricError` for arrays of another shape
    or range, or if no sample counts.
    """
    table = as_flags("aligned", aligned, ("V", "K"))
    given = as_integers("answers", answers, "n", table.shape[1])
    truth = as_integers("labels", labels, len(given), table.shape[1])
    shown = as_integers("values", values, len(given), len(table))
    goes = table.sum(axis=1) > 0
    switched = goes[shown] & ~table[shown, truth]
    if not switched.any():
        actual = "no value that goes with another class than its sample's"
        raise failure("values", actual, "at least one", "switch the shortcut to the values of other classes")
    return float(table[shown[switched], given[switched]].mean())


def thing_use(base: Labels, twins: Labels, labels: Labels, exchanged: Labels) -> float:
    """Return the share of samples whose answer follows the thing when only the thing is exchanged, in [0, 1].

    `base` and `twins`: classes predicted before and after; `labels` and `exchanged`: the classes of both things;
    integers (n,). A sample counts if both answers are right.
    """
    before, after = as_integers("base", base, "n", None), as_integers("twins", twins, len(base), None)
    first = as_integers("labels", labels, len(base), None)
    second = as_integers("exchanged", exchanged, len(base), None)
    return float(((before == first) & (after == second)).mean())
