"""weft's all-reduce over tcp against the best of Gloo's own benchmark: every algorithm, its pairs asynchronous, and
synchronous with polling; in place in one hot buffer on both sides."""

import statistics
import tempfile

from .program import PeerFailed, call_together, cores, in_words, to_bytes
from .turns import in_turns, medians, spread

NEEDS = ()
SIZES = ("4", "64", "1K", "16K", "256K", "1M", "4M")
ALGORITHMS = ("allreduce_ring", "allreduce_ring_chunked", "allreduce_halving_doubling", "allreduce_bcube")
WAYS = {"": (), ", polling": ("--sync", "true", "--busy-poll", "true")}
SECONDS = "200ms"  # of a launch


def p50_of(text):
    """us, of the last row that the benchmark printed."""
    rows = [line.split() for line in text.splitlines() if line.split() and line.split()[0].isdigit()]
    if not rows or len(rows[-1]) < 4:
        raise PeerFailed("Gloo's benchmark printed no row")
    return float(rows[-1][3])


def time_of(program, ranks, size, algorithm, flags):
    with tempfile.TemporaryDirectory() as meeting:
        common = ["-s", ranks, "-x", "weft", "--shared-path", meeting, "-t", "tcp", "--tcp-device", "lo", "--elements", size // 4,
                  "--iteration-time", SECONDS, *flags, algorithm]
        places = [cores()[rank % len(cores())] for rank in range(ranks)]
        return p50_of(call_together([(["taskset", "-c", core, program, "-r", rank, *common], {})
                                          for rank, core in enumerate(places)])[0])


def best_of(program, ranks, size):
    """(us, which of Gloo's variants)"""
    return min((time_of(program, ranks, size, algorithm, flags), algorithm + way)
               for algorithm in ALGORITHMS for way, flags in WAYS.items())


def compare(weft, options):
    program = options.gloo_benchmark
    if program is None:
        raise PeerFailed("gloo-benchmark needs --gloo-benchmark PROGRAM, Gloo's own benchmark, built")
    print(f"# all_reduce: the best of Gloo's benchmark (p50) / weft tcp's median, {options.ranks} ranks, {weft.place.name}, in turns")
    print("# bytes, ratio, quartiles, launches, tcp us, Gloo us, the variant that was the best most often", flush=True)
    for text in SIZES:
        size = to_bytes(text)
        flags = ["all_reduce", "-t", "tcp", "-b", size, "-e", size, "--in-place", "--cache", "hot", "--budget", options.budget or "0.2",
                 "--min-time", 0, "-c", 1]
        rounds = in_turns(options.rounds, lambda: float(weft.rows(options.ranks, flags)[0]["time_us_median"]),
                          lambda: best_of(program, options.ranks, size))
        times = [(own, other) for own, (other, _) in rounds]
        print(f"{in_words(size):>6}  {spread([other / own for own, other in times])}  {medians(times)}  "
              f"{statistics.mode(variant for _, (_, variant) in rounds)}", flush=True)
