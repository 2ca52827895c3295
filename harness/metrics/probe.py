"""Linear probes: what a ridge classifier reads off a submission's standardised features."""

import warnings

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Labels, Scores, as_integers, as_reals
from spurgen.harness.metrics.worst_group import count_groups

SMALLEST_SCALE = 1e-6  # of a feature: avoids dividing a constant one by 0


def probed(features: Scores, targets: Labels, others: Scores, truth: Labels) -> Bool:
    """Return where a probe that is fitted on `features` is correct on `others`, bool (m,).

    `features`: real (n, d), with `targets`, integers (n,). `others`: real (m, d), with `truth`, integers (m,). Both are
    standardised by the mean and deviation of `features`. With a single target the probe always predicts that. Raises
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
