"""The interval of a quantile by order statistics, written a second time from the formulas of statistics/quantile.hpp:
rows carry that of the median only. Where both exist the proof of coverage asks that they are equal."""

import functools
import math
from statistics import NormalDist

EXACT_VARIANCE = 50  # up to here the binomial distribution, beyond it the normal one


@functools.lru_cache(maxsize=None)
def binomial_below(n, q):
    """cdf[k] = P(X <= k) of the binomial distribution; 0 where it is less than 1e-20."""
    log_q, log_rest = math.log(q), math.log1p(-q)
    first = max(0, math.floor(n * q - 10 * math.sqrt(n * q * (1 - q))) - 10)
    total, cdf = 0.0, [0.0] * first
    for k in range(first, n + 1):
        total += math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_q + (n - k) * log_rest)
        cdf.append(total)
    return cdf


@functools.lru_cache(maxsize=None)
def positions(n, q, confidence):
    """The two order statistics, counted from 1."""
    alpha = 1 - confidence
    variance = n * q * (1 - q)
    if variance > EXACT_VARIANCE:
        reach = NormalDist().inv_cdf(1 - alpha / 2) * math.sqrt(variance)
        return math.floor(n * q - reach), 1 + math.ceil(n * q + reach)
    cdf = binomial_below(n, q)

    def first(share):
        return next((k for k, below in enumerate(cdf) if below >= share), n)

    low, high = first(alpha / 2), 1 + first(1 - alpha / 2)
    if q == 0.5 or low < 1 or high > n:
        return low, high

    def sure(pair):
        return cdf[pair[1] - 1] - cdf[pair[0] - 1] >= 1 - alpha

    inner = [(low, high - 1), (low + 1, high)]
    for pair in inner if q > 0.5 else reversed(inner):
        if sure(pair):
            return pair
    return low, high


def quantile_interval(ordered, q, effective, confidence=0.95):
    """Of sorted values that are worth `effective` independent ones; nothing where they are too few."""
    n = len(ordered)
    independent = math.floor(min(max(effective, 1.0), n))
    low, high = positions(independent, q, confidence)
    if low < 1 or high > independent:
        return None
    scale = (n + 1) / (independent + 1)
    return (ordered[max(1, math.floor(low * scale)) - 1], ordered[min(n, math.ceil(high * scale)) - 1])
