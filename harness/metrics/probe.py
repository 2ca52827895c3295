"""Linear probes: what a ridge classifier reads off a submission's standardised features."""

import warnings

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64, Labels, Scores, as_integers, as_reals
from spurgen.harness.metrics.worst_group import count_groups

SMALLEST_SCALE = 1e-6  # of a feature: avoids dividing a constant one by 0
MOST, FURTHEST = 0.9, 20.0
"""A feature counts up to 20 times as far from its median as nine tenths of its other values reach.

Else a few absurd rows, which cost a submission nothing, would decide the scale of a feature and the probe's weights.
"""


def without_outliers(features: Float64) -> Float64:
    """Return features, real (n, d), with the outliers of each column at the largest distance that counts.

    Values that equal the column's median are left out of the quantile: many features are 0 but for a few rows.
    """
    kept = np.array(features)
    for column in kept.T:
        middle = np.median(column)
        distances = np.abs(column - middle)
        others = distances[distances > 0]
        if others.size:
            reach = FURTHEST * np.quantile(others, MOST)
            np.clip(column, middle - reach, middle + reach, out=column)
    return kept


def probed(features: Scores, targets: Labels, others: Scores, truth: Labels) -> Bool:
    """Return where a probe that is fitted on `features` is correct on `others`, bool (m,).

    `features`: real (n, d), with `targets`, integers (n,). `others`: real (m, d), with `truth`, integers (m,). Both are
    standardised by the mean and deviation of `features`, whose outliers count less.
    With a single target the probe always predicts that. Raises
    `MetricError` for non-finite or misshapen arrays, or negative targets.
    """
    known = as_reals("features", features, ("n", "d"))
    unknown = as_reals("others", others, ("m", known.shape[1]))
    wanted = as_integers("targets", targets, len(known), None)
    expected = as_integers("truth", truth, len(unknown), None)
    if len(np.unique(wanted)) < 2:
        single: Bool = expected == wanted[0]
        return single
    from sklearn.linear_model import RidgeClassifier  # takes a second to import, and only probes need it

    known = without_outliers(known)
    centre, scale = known.mean(axis=0), known.std(axis=0) + SMALLEST_SCALE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # ill-conditioned features still give a probe
        model = RidgeClassifier(alpha=1.0).fit((known - centre) / scale, wanted)
    right: Bool = model.predict((unknown - centre) / scale) == expected
    return right


def probe_accuracy(features: Scores, targets: Labels, others: Scores, truth: Labels) -> float:
    """Return the probe's accuracy on `others`, in [0, 1]; arguments and errors as `probed`."""
    return float(probed(features, targets, others, truth).mean())


def probe_worst_group_accuracy(
    features: Scores, targets: Labels, others: Scores, truth: Labels, group_ids: Labels, num_groups: int
) -> float:
    """Return the minimum over groups of the probe's accuracy, in [0, 1].

    `group_ids`: integers (m,) in [0, `num_groups`), of `others`. The rest as `probed`. Raises `MetricError` as
    `probed`, and for an empty group.
    """
    return count_groups(probed(features, targets, others, truth), group_ids, num_groups).worst
