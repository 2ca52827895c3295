"""Flip rate: how often a channel's value alone changes the predicted class."""

from spurgen.harness.metrics.arrays import Float64, Scores, as_reals


def flip_rates(base_scores: Scores, twin_scores: Scores) -> Float64:
    """Return the share of a sample's twins whose argmax differs from the base's, float64 (m,) in [0, 1].

    `base_scores`: logits or probabilities (m, K). `twin_scores`: (m, V, K). All V twins count, as in SSS: if the
    sample's own value, which cannot flip, is among them, the rate is at most (V - 1) / V. Raises `MetricError` for
    non-finite or misshapen arrays.
    """
    base = as_reals("base_scores", base_scores, ("m", "K"))
    twin = as_reals("twin_scores", twin_scores, (base.shape[0], "V", base.shape[1]))
    rates: Float64 = (twin.argmax(axis=2) != base.argmax(axis=1)[:, None]).mean(axis=1)
    return rates


def flip_rate(base_scores: Scores, twin_scores: Scores) -> float:
    """Return the mean of `flip_rates`, in [0, 1]: how often a uniformly drawn value changes the prediction."""
    return float(flip_rates(base_scores, twin_scores).mean())
