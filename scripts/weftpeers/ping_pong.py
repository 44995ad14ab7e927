"""weft's ping-pong beside that of a peer, size by size, one hot buffer."""

from dataclasses import dataclass
from typing import Callable

from .program import to_bytes
from .turns import in_turns, medians, spread


@dataclass
class PingPong:
    """What is particular to a peer."""

    transport: str  # weft's
    peers: tuple  # names of the figures that `theirs` gives
    column: str  # weft's figure that is like them
    sizes: tuple
    repeats: Callable  # (place, size): round trips
    arguments: Callable  # (repeats): weft's flags besides
    theirs: Callable  # (place, size, repeats): a tuple of us, one way


def compare(peer, weft, options):
    print(f"# weft's ping-pong over {peer.transport} / {' and / '.join(peer.peers)}: {peer.column}, one way, one hot buffer, "
          f"{weft.place.name}, in turns")
    print("# size, ratio and quartiles and launches for each, weft us, theirs us")
    for text in peer.sizes:
        size = to_bytes(text)
        repeats = peer.repeats(weft.place, size)

        def ours():
            rows = weft.rows(2, ["send_recv", "-t", peer.transport, "-b", size, "-e", size, "-d", "u8", "--cache", "hot", "--sync", "none",
                                 "-c", 0, *peer.arguments(repeats)])
            return float(next(row for row in rows if row["operation"] == "pingpong")[peer.column])

        times = [(own, *others) for own, others in in_turns(options.rounds, ours, lambda: peer.theirs(weft.place, size, repeats))]
        ratios = "  ".join(spread([row[0] / row[k] for row in times]) for k in range(1, len(times[0])))
        print(f"{text:>6}  {ratios}  {medians(times)}", flush=True)


def repeats_of_library(most):
    """Of ucx_perftest and fi_pingpong: some 0.1 s in memory."""
    return lambda _place, size: max(200, min(most, int(5e8 / (size + 20000))))
