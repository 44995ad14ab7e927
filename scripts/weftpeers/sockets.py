"""weft's messages in one direction over tcp against a bare loop of send and recv, bench/sockets_bench, in as much memory: the means."""

import json

from .iperf import STREAMS_AND_SIZES, ours
from .program import PeerFailed, call, to_bytes
from .turns import in_turns, medians, spread

NEEDS = ()
SECONDS = 1  # of a launch


def bytes_per_second(text):
    """Of what the benchmark prints as JSON."""
    [result] = json.loads(text)["benchmarks"]
    return float(result["bytes_per_second"])


def theirs(program, streams, size):
    name = f"one_way/streams:{streams}/bytes:{to_bytes(size)}/real_time"
    return bytes_per_second(call([program, f"--benchmark_filter=^{name}$", f"--benchmark_min_time={SECONDS}",
                                  "--benchmark_format=json"])) / 1e9


def compare(weft, options):
    program = weft.program.parent / "bench/sockets_bench"
    if not program.is_file():
        raise PeerFailed(f"{program} does not exist: run scripts/build")
    print(f"# weft's bandwidth over tcp, 64 messages in a row and an answer, / that of bare sockets: payload, means, {weft.place.name}, in turns")
    print("# streams, bytes of a message, ratio, quartiles, launches, weft GB/s, bare sockets GB/s")
    for streams, size in STREAMS_AND_SIZES:
        pairs = in_turns(options.rounds, lambda: ours(weft, streams, size), lambda: theirs(program, streams, size))
        print(f"{streams}  {size:>5}  {spread([own / other for own, other in pairs])}  {medians(pairs)}", flush=True)
