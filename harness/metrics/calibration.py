"""Temperature scaling: one scalar, fitted on other samples, makes probabilities comparable (Guo et al. 2017).

Without it a submission gets perfect sensitivity and invariance by dividing its logits by 1000. And without a largest
lead it gets them by being absurdly sure of a few samples: one wrong sample a million below the best class would set
the temperature of all.
"""

import math
from collections.abc import Callable

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Int64, Labels, Scores, as_integers, as_reals

# The inverse temperatures searched, in units of 1 / (root mean square lead), leads at most the largest that counts.
SLOWEST, STEEPEST = 1e-3, 1e4
COUNTED = 10.0
"""Leads count up to this many median leads. Those of the honest submissions that we measured reach 6."""


def leads_of(logits: Scores) -> Float64:
    """Return how far each logit lies below its row's largest, float64 (n, K), 0 or more; `logits` real (n, K)."""
    reals = logits.astype(np.float64, copy=False)
    leads: Float64 = reals.max(axis=1, keepdims=True) - reals
    return leads


def median_lead(leads: Float64) -> float:
    """Return the median of the leads above 0: the logits' own scale, which no minority sets; infinite without any."""
    contrasts = leads[leads > 0]
    return float(np.median(contrasts)) if len(contrasts) else math.inf


def largest_lead(logits: Scores) -> float:
    """Return the largest lead of one class over another that counts, for a submission with these logits, real (n, K).

    It is `COUNTED` times their median lead, so that a few samples cannot dominate a mean loss; infinite for logits
    without contrast. Raises `MetricError` for a non-finite or misshapen array.
    """
    return COUNTED * median_lead(leads_of(as_reals("logits", logits, ("n", "K"))))


def with_leads_up_to(most: float, logits: Scores) -> Float64:
    """Return logits (n, K), the largest of every row 0, with all leads above `most` cut to it; raises `MetricError`."""
    return -np.minimum(leads_of(as_reals("logits", logits, ("n", "K"))), most)


def _mean_loss(gaps: Float64, labels: Int64, slope: float) -> float:
    """Return the mean cross-entropy of `slope * gaps`, in nats; every row's maximum is 0."""
    scaled = slope * gaps
    at_label = scaled[np.arange(len(labels)), labels]
    return float((np.log(np.exp(scaled).sum(axis=1)) - at_label).mean())


def _loss_derivative(gaps: Float64, labels: Int64, slope: float) -> float:
    """Return the derivative of `_mean_loss` by the slope: expected gap minus gap at the label."""
    weights = np.exp(slope * gaps)
    expected = (weights * gaps).sum(axis=1) / weights.sum(axis=1)
    return float((expected - gaps[np.arange(len(labels)), labels]).mean())


def _crossing(increasing: Callable[[float], float]) -> float:
    """Return where an increasing function crosses 0 between SLOWEST and STEEPEST, or the nearer end."""
    from scipy.optimize import brentq  # takes a third of a second to import, and only fits need it

    if increasing(SLOWEST) >= 0:
        return SLOWEST
    if increasing(STEEPEST) <= 0:
        return STEEPEST
    return math.exp(brentq(lambda t: increasing(math.exp(t)), math.log(SLOWEST), math.log(STEEPEST), xtol=1e-13))


def fit_temperature(logits: Scores, labels: Labels) -> float:
    """Return the T > 0 that minimises the mean cross-entropy of logits / T.

    `logits`: real (n, K). `labels`: integers (n,) in [0, K). Leads count up to `largest_lead`, which bounds what a
    sample can do to T. The loss is convex in 1 / T. It is solved on logits in units of their own scale r (root mean
    square lead, as far as it counts), so that `fit(c * logits) = c * fit(logits)`. Where the loss has no minimum of its
    own:

    - rows without contrast (r = 0): T = 1;
    - uninformative or misleading scores, best at T = inf: T = 1000 r, which makes probabilities almost uniform;
    - every label at its row's maximum, best at T = 0: the T whose mean loss is ln 2 / n above its infimum, as if the
      prediction of one of the n samples were a toss-up, and at least r / 10000. The n samples support no lower T, and
      at T near 0 a single error elsewhere would cost thousands of nats.

    Raises `MetricError` for non-finite or misshapen arrays, or labels out of range.
    """
    reals = as_reals("logits", logits, ("n", "K"))
    targets = as_integers("labels", labels, *reals.shape)
    gaps = with_leads_up_to(largest_lead(reals), reals)
    largest = float(np.abs(gaps).max())
    if largest == 0:
        return 1.0
    gaps /= largest  # before squaring: squares of tiny logits would underflow
    root_mean_square = math.sqrt(float(np.square(gaps).mean()))
    gaps /= root_mean_square
    if _loss_derivative(gaps, targets, STEEPEST) > 0:
        slope = _crossing(lambda b: _loss_derivative(gaps, targets, b))
    else:
        limit = _mean_loss(gaps, targets, STEEPEST) + math.log(2) / len(targets)
        slope = _crossing(lambda b: limit - _mean_loss(gaps, targets, b))
    return largest * root_mean_square / slope
