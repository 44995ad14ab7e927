"""weft's messages in one direction over tcp against iperf3: payload bytes per second, and the mean on both sides."""

import json
import pathlib
import tempfile

from .program import PORTS, PeerFailed, in_words, of_both_ends, to_bytes
from .turns import in_turns, medians, spread

NEEDS = (("iperf3", "iperf3"),)
STREAMS_AND_SIZES = ((1, "128K"), (1, "1M"), (1, "16M"), (4, "1M"), (4, "16M"))
UNDER_WAY = 2  # messages at a time: one is sent while the other's receive is posted
LONGEST_WRITE = 1 << 20  # of iperf3
SECONDS, SECONDS_PER_ITERATION = 1.0, 0.1


def received_per_second(text):
    """Bytes, of what iperf3 -J prints."""
    answer = json.loads(text)
    if "error" in answer:
        raise PeerFailed(f"iperf3 says: {answer['error']}")
    received = answer["end"]["sum_received"]
    return received["bytes"] / received["seconds"]


def chains(action, peer, size, messages):
    """Statements of GOAL: messages one after another in each of UNDER_WAY chains, with a tag of its own."""
    for number in range(messages):
        yield f"l{number}: {action} {size}b {peer} tag {number % UNDER_WAY}"
        if number >= UNDER_WAY:
            yield f"l{number} requires l{number - UNDER_WAY}"


def one_way_schedule(size, messages):
    """Rank 0 sends rank 1 so many messages, as a GOAL schedule."""
    lines = ["num_ranks 2", "rank 0 {", *chains("send", "to 1", size, messages), "}",
             "rank 1 {", *chains("recv", "from 0", size, messages), "}"]
    return "\n".join(lines) + "\n"


def ours(weft, streams, size):
    """The ranks' mean time: iterations follow each other without a pause, so it is that of the whole run."""
    messages = max(2 * UNDER_WAY, int(SECONDS_PER_ITERATION * weft.place.speed / size))
    iterations = max(3, round(SECONDS * weft.place.speed / (messages * size)))
    with tempfile.TemporaryDirectory() as folder:
        schedule = pathlib.Path(folder) / "one_way.goal"
        schedule.write_text(one_way_schedule(size, messages))
        point, = weft.rows(2, ["goal", "--goal", schedule, "-t", "tcp", "--tcp-streams", streams, "--cache", "hot", "--sync", "none",
                               "-n", iterations, "-w", 1, "-c", 0])
    return messages * size / float(point["time_us_mean_of_ranks"]) / 1e3


def theirs(place, streams, size):
    port = next(PORTS)
    client = ["iperf3", "-c", place.server, "-p", port, "-J", "-P", streams, "-l", min(size, LONGEST_WRITE), "-t", 1, "-O", 1]
    return received_per_second(of_both_ends(place, ["iperf3", "-s", "-1", "-p", port], client, port)) / 1e9


def compare(weft, options):
    print(f"# weft's bandwidth over tcp, {UNDER_WAY} messages under way, / iperf3's with writes as long, {in_words(LONGEST_WRITE)} at most: "
          f"payload, means, {weft.place.name}, in turns")
    print("# streams, bytes of a message, ratio, quartiles, launches, weft GB/s, iperf3 GB/s")
    for streams, text in STREAMS_AND_SIZES:
        size = to_bytes(text)
        pairs = in_turns(options.rounds, lambda: ours(weft, streams, size), lambda: theirs(weft.place, streams, size))
        print(f"{streams}  {text:>5}  {spread([own / other for own, other in pairs])}  {medians(pairs)}", flush=True)
