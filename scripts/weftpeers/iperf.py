"""weft's messages in one direction over tcp against iperf3: payload bytes per second, and the mean on both sides."""

import json

from .program import PORTS, PeerFailed, in_words, of_both_ends, to_bytes
from .turns import in_turns, medians, spread

NEEDS = (("iperf3", "iperf3"),)
STREAMS_AND_SIZES = ((1, "128K"), (1, "1M"), (1, "16M"), (4, "1M"), (4, "16M"))
LONGEST_WRITE = 1 << 20  # of iperf3
SECONDS = 1.0  # of a launch


def received_per_second(text):
    """Bytes, of what iperf3 -J prints."""
    answer = json.loads(text)
    if "error" in answer:
        raise PeerFailed(f"iperf3 says: {answer['error']}")
    received = answer["end"]["sum_received"]
    return received["bytes"] / received["seconds"]


def ours(weft, streams, size):
    """The mean of a message among others under way, all from one place, as iperf3's are."""
    points = weft.rows(2, ["stream", "-t", "tcp", "--tcp-streams", streams, "-b", size, "-e", size, "--cache", "hot", "--budget", SECONDS,
                           "--min-time", SECONDS, "-c", 0])
    [point] = points
    return float(point["bytes_per_rank"]) / float(point["time_us_mean"]) / 1e3


def theirs(place, streams, size):
    port = next(PORTS)
    client = ["iperf3", "-c", place.server, "-p", port, "-J", "-P", streams, "-l", min(size, LONGEST_WRITE), "-t", 1, "-O", 1]
    return received_per_second(of_both_ends(place, ["iperf3", "-s", "-1", "-p", port], client, port)) / 1e9


def compare(weft, options):
    print(f"# weft's bandwidth over tcp, 64 messages in a row and an answer, / iperf3's with writes as long, {in_words(LONGEST_WRITE)} at most: "
          f"payload, means, {weft.place.name}, in turns")
    print("# streams, bytes of a message, ratio, quartiles, launches, weft GB/s, iperf3 GB/s")
    for streams, text in STREAMS_AND_SIZES:
        size = to_bytes(text)
        pairs = in_turns(options.rounds, lambda: ours(weft, streams, size), lambda: theirs(weft.place, streams, size))
        print(f"{streams}  {text:>5}  {spread([own / other for own, other in pairs])}  {medians(pairs)}", flush=True)
