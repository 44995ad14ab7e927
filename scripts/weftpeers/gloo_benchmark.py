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


def times_of(program, ranks, size):
    """us by Gloo's variant. A launch of a variant that failed is left out: now and then one loses its connection."""
    times, failure = {}, None
    for algorithm in ALGORITHMS:
        for way, flags in WAYS.items():
            try:
                times[algorithm + way] = time_of(program, ranks, size, algorithm, flags)
            except PeerFailed as failed:
                failure = failed
    if not times:
        raise failure
    return times


def best_variant(launches):
    """That of the least median, among those that ran in every launch where there are any: the least time of each launch would be
    that of the luckiest, not of a variant."""
    runs = {}
    for times in launches:
        for variant, time in times.items():
            runs.setdefault(variant, []).append(time)
    most = max(len(times) for times in runs.values())
    return min((name for name, times in runs.items() if len(times) == most), key=lambda name: statistics.median(runs[name]))


def compare(weft, options):
    program = options.gloo_benchmark
    if program is None:
        raise PeerFailed("gloo-benchmark needs --gloo-benchmark PROGRAM, Gloo's own benchmark, built")
    print(f"# all_reduce: the best variant of Gloo's benchmark (p50) / weft tcp's median, {options.ranks} ranks, {weft.place.name}, in turns")
    print("# bytes, ratio, quartiles, launches, tcp us, Gloo us, the variant of the least median", flush=True)
    for text in SIZES:
        size = to_bytes(text)
        flags = ["all_reduce", "-t", "tcp", "-b", size, "-e", size, "--in-place", "--cache", "hot", "--budget", options.budget or "0.2",
                 "--min-time", 0, "-c", 1]
        rounds = in_turns(options.rounds, lambda: float(weft.rows(options.ranks, flags)[0]["time_us_median"]),
                          lambda: times_of(program, options.ranks, size))
        best = best_variant([theirs for _, theirs in rounds])
        times = [(own, theirs[best]) for own, theirs in rounds if best in theirs]
        print(f"{in_words(size):>6}  {spread([other / own for own, other in times])}  {medians(times)}  {best}", flush=True)
