"""Linear probes: what can be read off a submission's features, by a ridge classifier on standardised ones."""

import warnings

import numpy as np
from sklearn.linear_model import RidgeClassifier

from spurgen.harness.metrics.arrays import Bool, Labels, Scores, as_groups, as_integers, as_reals

SMALLEST_SCALE = 1e-6  # of a feature: one that never varies is not divided by 0


def probed(features: Scores, targets: Labels, others: Scores, truth: Labels) -> Bool:
    """Says where a probe fitted on some features is right on others: bool (m,).

    `features`: real (n, d), with `targets`, integers (n,). `others`: real (m, d), with `truth`, integers
    (m,). Standardised by the mean and deviation of `features`. With a single target it answers that.

    Raises:
        MetricError: for non-finite or misshapen arrays, or negative targets.
    """
    known = as_reals("features", features, ("n", "d"))
    unknown = as_reals("others", others, ("m", known.shape[1]))
    wanted = as_integers("targets", targets, len(known), None)
    expected = as_integers("truth", truth, len(unknown), None)
    if len(np.unique(wanted)) < 2:
        single: Bool = expected == wanted[0]
        return single
    centre, scale = known.mean(axis=0), known.std(axis=0) + SMALLEST_SCALE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # ill-conditioned features still give a probe
        model = RidgeClassifier(alpha=1.0).fit((known - centre) / scale, wanted)
    right: Bool = model.predict((unknown - centre) / scale) == expected
    return right


def probe_accuracy(features: Scores, targets: Labels, others: Scores, truth: Labels) -> float:
    """Returns the share of others that the probe is right on, in [0, 1]; arguments and errors as `probed`."""
    return float(probed(features, targets, others, truth).mean())


def probe_worst_group_accuracy(
    features: Scores, targets: Labels, others: Scores, truth: Labels, group_ids: Labels, num_groups: int
) -> float:
    """Returns the minimum over groups of the probe's accuracy, in [0, 1].

    `group_ids`: integers (m,) in [0, `num_groups`), of the others. The rest as `probed`.

    Raises:
        MetricError: as `probed`, and for an empty group.
    """
    right = probed(features, targets, others, truth)
    ids, sizes = as_groups(group_ids, len(right), num_groups)
    return float((np.bincount(ids[right], minlength=num_groups) / sizes).min())
