"""weft over tcp against a bare loop of send and recv in as much memory, bench/sockets_bench: messages in one direction, and an
all-reduce against the exchange of as many bytes as it sends; the means."""

import json

from .iperf import SECONDS, STREAMS_AND_SIZES, ours
from .program import PeerFailed, call, to_bytes
from .turns import in_turns, medians, spread

NEEDS = ()
EXCHANGED = ("4", "1K", "8K", "16K", "64K", "256K", "1M", "4M", "16M")


def mean_of(text):
    """us, of what the benchmark prints as JSON."""
    if not text:
        raise PeerFailed("sockets_bench has no such benchmark: run scripts/build")
    [result] = json.loads(text)["benchmarks"]
    if result["time_unit"] != "us":
        raise PeerFailed(f"sockets_bench gave its time in {result['time_unit']}, not in us")
    return float(result["real_time"])


def theirs(program, name):
    return mean_of(call([program, f"--benchmark_filter=^{name}/real_time$", f"--benchmark_min_time={SECONDS}", "--benchmark_format=json"]))


def all_reduce(weft, size):
    """Of two ranks each one sends as many bytes as it has, by any algorithm."""
    [point] = weft.rows(2, ["all_reduce", "-t", "tcp", "-b", size, "-e", size, "--in-place", "--cache", "hot", "--sync", "none", "--budget",
                            SECONDS, "--min-time", SECONDS, "-c", 0])
    return float(point["time_us_mean"])


def compare_one_way(weft, options, program):
    print(f"# weft's bandwidth over tcp, 64 messages in a row and an answer, / that of bare sockets: payload, means, {weft.place.name}, in turns")
    print("# streams, bytes of a message, ratio, quartiles, launches, weft GB/s, bare sockets GB/s", flush=True)
    for streams, text in STREAMS_AND_SIZES:
        size = to_bytes(text)
        pairs = in_turns(options.rounds, lambda: ours(weft, streams, size),
                         lambda: size / theirs(program, f"one_way/streams:{streams}/bytes:{size}") / 1e3)
        print(f"{streams}  {text:>5}  {spread([own / other for own, other in pairs])}  {medians(pairs)}", flush=True)


def compare_both_ways(weft, options, program):
    print(f"# all_reduce of 2 ranks over tcp, in place, / an exchange of as many bytes over bare sockets: means, {weft.place.name}, in turns")
    print("# bytes, ratio, quartiles, launches, weft us, bare sockets us", flush=True)
    for text in EXCHANGED:
        size = to_bytes(text)
        pairs = in_turns(options.rounds, lambda: all_reduce(weft, size), lambda: theirs(program, f"both_ways/bytes:{size}"))
        print(f"   {text:>5}  {spread([own / other for own, other in pairs])}  {medians(pairs)}", flush=True)


def compare(weft, options):
    program = weft.program.parent / "bench/sockets_bench"
    if not program.is_file():
        raise PeerFailed(f"{program} does not exist: run scripts/build")
    compare_one_way(weft, options, program)
    compare_both_ways(weft, options, program)
