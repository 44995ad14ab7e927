"""weft's ping-pong over ofi, provider tcp, against fi_pingpong, which gives no other figure than the mean."""

from . import ping_pong
from .program import PORTS, of_both_ends

NEEDS = (("fi_pingpong", "libfabric-bin"),)


def mean_of(text):
    """One way, us, of what fi_pingpong prints."""
    return float(text.splitlines()[-1].split()[6])


def theirs(place, size, repeats):
    port = next(PORTS)
    common = ["fi_pingpong", "-e", "rdm", "-p", "tcp", "-m", "tagged", "-I", repeats, "-S", size]
    return (mean_of(of_both_ends(place, [*common, "-B", port], [*common, "-P", port, place.server], port)),)


def compare(weft, options):
    ping_pong.compare(ping_pong.PingPong("ofi", ("fi_pingpong",), "time_us_mean_of_ranks", ("8", "64", "1K", "8K", "64K", "1M", "4M"),
                                         ping_pong.repeats_of_library(3000),
                                         lambda repeats: ["-n", repeats, "-w", 100, "--ofi-provider", "tcp"], theirs),
                      weft, options)
