"""What the simulated fabric must show, in closed form: the law of one message and of what is made of several.

A message of m bytes on idle ports takes o + alpha * J * S + m / B: J log-normal with median 1 and the given sigma, S the
stall factor with the given share, else 1 (transports/fabric_model.hpp). All messages are independent.
"""

import bisect
import math
from statistics import NormalDist

NORMAL = NormalDist()


class Message:
    """The law of one message's time in ns."""

    def __init__(self, bytes_, latency, bandwidth, jitter, stall_share=0.0, stall_factor=1.0):
        self.wire = bytes_ / bandwidth
        self.latency = latency
        self.jitter = jitter
        self.modes = [(1 - stall_share, 1.0)] + ([(stall_share, stall_factor)] if stall_share > 0 else [])

    def below(self, time):
        """P(T <= time)."""
        late = (time - self.wire) / self.latency
        if late <= 0:
            return 0.0
        return sum(share * NORMAL.cdf(math.log(late / factor) / self.jitter) for share, factor in self.modes)

    def span(self):
        """Times between which all but 1e-12 of the law lies."""
        reach = math.exp(7.2 * self.jitter)
        return self.wire + self.latency / reach, self.wire + self.latency * self.modes[-1][1] * reach


class LaterOf:
    """The later of `count` messages that are under way at once: an exchange is over when both have arrived."""

    def __init__(self, message, count=2):
        self.message, self.count = message, count

    def below(self, time):
        return self.message.below(time) ** self.count

    def span(self):
        return self.message.span()


class MeanOf:
    """The mean of `count` messages one after the other: a ping-pong's time one way has two. The law of the sum is made
    by convolution on a grid of the excess over the wire time."""

    def __init__(self, message, count=2, cells=2048):
        self.message, self.count = message, count
        low, high = message.span()
        self.step = (high - low) / cells
        edges = [message.below(low + self.step * i) for i in range(cells + 1)]
        single = [after - before for before, after in zip(edges, edges[1:])]
        total = single
        for _ in range(count - 1):
            total = convolve(total, single)
        self.first = count * (low + self.step / 2)
        self.sums, running = [], 0.0
        for share in total:
            running += share
            self.sums.append(running)

    def below(self, time):
        place = (time * self.count - self.first) / self.step + 0.5
        cell = math.floor(place)
        if cell < 0:
            return 0.0
        if cell >= len(self.sums):
            return 1.0
        before = self.sums[cell - 1] if cell > 0 else 0.0
        return before + (self.sums[cell] - before) * (place - cell)

    def span(self):
        return self.message.span()


def convolve(a, b):
    """By Kronecker substitution: the shares become digits of one large integer each, whose product holds the sums."""
    scale = 1 << 60
    bits = 160
    first = sum_of_digits(a, scale, bits)
    second = sum_of_digits(b, scale, bits)
    product = first * second
    digits = product.to_bytes((len(a) + len(b)) * bits // 8, "little")
    width = bits // 8
    return [int.from_bytes(digits[i * width:(i + 1) * width], "little") / scale / scale
            for i in range(len(a) + len(b) - 1)]


def sum_of_digits(shares, scale, bits):
    return int.from_bytes(b"".join(int(share * scale).to_bytes(bits // 8, "little") for share in shares), "little")


def quantile(law, q):
    """The time below which the law lies with probability q, by bisection."""
    low, high = law.span()
    for _ in range(200):
        middle = (low + high) / 2
        if law.below(middle) < q:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def quantile_of(values, q):
    """Of a sample, linear between order statistics (type 7), as weft does."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    index = math.floor(place)
    rest = place - index
    return ordered[index] if rest == 0 else ordered[index] * (1 - rest) + ordered[index + 1] * rest


def share_below(values, limit):
    ordered = sorted(values)
    return bisect.bisect_right(ordered, limit) / len(ordered)
