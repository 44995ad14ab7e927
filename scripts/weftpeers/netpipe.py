"""weft's ping-pong over tcp against NetPIPE's NPtcp. NPtcp times 7 trials of so many round trips each and reports the best
trial's mean, halved; so weft has 7 samples of as many calls, and its figure is the least sample."""

import pathlib
import tempfile

from . import ping_pong
from .program import PORTS, PeerFailed, of_both_ends

NEEDS = (("NPtcp", "netpipe-tcp"),)
TRIALS = 7  # NPtcp's own
SECONDS_PER_TRIAL = 0.01
ROUND_TRIP = 20e-6  # seconds at least, roughly


def one_way_of(text):
    """us, of the file with one size that NPtcp writes: bytes, Mbit/s, seconds."""
    words = text.split()
    if len(words) != 3:
        raise PeerFailed(f"NPtcp wrote {len(words)} words and not bytes, Mbit/s and seconds: {text.strip()[:100]}")
    return float(words[2]) * 1e6


def repeats_of(place, size):
    return max(3, int(SECONDS_PER_TRIAL / (ROUND_TRIP + 2 * size / place.speed)))


def theirs(place, size, repeats):
    port = next(PORTS)
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        common = ["NPtcp", "-P", port, "-l", size, "-u", size, "-p", 0, "-n", repeats, "-o"]
        of_both_ends(place, [*common, "/dev/null"], [*common, out, "-h", place.server], port)
        return (one_way_of(out.read_text()),)


def compare(weft, options):
    ping_pong.compare(ping_pong.PingPong("tcp", ("NPtcp",), "time_us_min",
                                         ("1", "8", "64", "512", "4K", "16K", "64K", "256K", "1M"), repeats_of,
                                         lambda repeats: ["--batch", repeats, "-n", TRIALS, "-w", 1], theirs), weft, options)
