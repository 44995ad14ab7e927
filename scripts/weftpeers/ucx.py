"""weft's ping-pong over ucx against ucx_perftest."""

import csv

from . import ping_pong
from .program import PORTS, of_both_ends

NEEDS = (("ucx_perftest", "ucx-utils"),)


def mean_of(text):
    """One way, us, of what ucx_perftest -f -v prints. Its median is that of single round trips, weft's that of several
    together where one is short, which is nearer to the mean."""
    return float(next(csv.DictReader(text.splitlines()[-2:]))["overall_lat"])


def repeats_and_warm_up(repeats):
    """The same flags on both sides. A mean holds a slow start, so there is none."""
    return ["-n", repeats, "-w", min(repeats, 10000)]


def perftest(place, test, size, repeats):
    port = next(PORTS)
    common = ["ucx_perftest", "-p", port]
    client = [*common, place.server, "-t", test, "-s", size, *repeats_and_warm_up(repeats), "-O", 1, "-f", "-v"]
    return mean_of(of_both_ends(place, common, client, port))


def theirs(place, size, repeats):
    """Of a ping-pong, and of a stream in which a send waits for the one before."""
    return tuple(perftest(place, test, size, repeats) for test in ("tag_lat", "tag_bw"))


def compare(weft, options):
    ping_pong.compare(ping_pong.PingPong("ucx", ("ucx_perftest tag_lat", "ucx_perftest tag_bw -O 1"), "time_us_mean_of_ranks",
                                         ("8", "64", "1K", "8K", "64K", "1M", "4M"), ping_pong.repeats_of_library(50000),
                                         repeats_and_warm_up, theirs), weft, options)
