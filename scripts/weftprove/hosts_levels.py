"""Two levels against flat between hosts, for the proof of the hosts: 2 ranks on each of 4 hosts, whose links are so slow that the
bytes on them decide."""

import pathlib
import statistics
import typing

from .cluster import Cluster, end_well
from .program import number, rows_of, scratch

HOSTS, PER_HOST, RATE = 4, 2, "100mbit"
LAUNCHES = 3
OFF = 0.15

CALLS = ["-n", 5, "-w", 1, "-c", 0, "--cache", "hot"]
SIZES = ["-b", "4M", "-e", "4M", "--algorithm", "ring,two_level"]


class Case(typing.NamedTuple):
    kind: str
    arguments: list
    in_turn: bool  # whether the ranks are dealt to the hosts in turn, or lie in their order
    algorithms: tuple  # the flat one first

    @property
    def order(self):
        return "in turn" if self.in_turn else "in order"

    def senders(self, row):
        """How many ranks of a host send the row's bytes to others: of a ring through hosts in order, one."""
        return 1 if row["algorithm"] == "ring" and not self.in_turn else PER_HOST


CASES = (Case("collectives, ranks in turn", ["all_reduce", "reduce_scatter", "all_gather", *SIZES, *CALLS], True, ("ring", "two_level")),
         Case("collectives, ranks in order", ["all_reduce", *SIZES, *CALLS], False, ("ring", "two_level")),
         Case("dispatchers", ["moe", "--model", "deepseek-v3", "--tokens", 64, "--dispatcher", "flat,hierarchical", "--ranks-per-node", PER_HOST,
                              *CALLS], False, ("flat", "hierarchical")))

# Open MPI sends more than 64 KiB after a handshake. Its answer goes back over the connection that carries the messages of the other
# way, behind these, and meanwhile the link idles; so mpi is also shown with messages that go at once.
WAYS = {"tcp": ("tcp", {}), "mpi": ("mpi", {}), "mpi, no handshake": ("mpi", {"OMPI_MCA_btl_tcp_eager_limit": str(2 << 20)})}


def both_of(rows, case, operation):
    """(medians in ms, bytes of a host's link) of the operation's two algorithms."""
    pair = [next(row for row in rows if (row["operation"], row["algorithm"]) == (operation, name)) for name in case.algorithms]
    return [number(row, "time_us_median") / 1e3 for row in pair], [number(row, "wire_bytes_between_nodes") * case.senders(row) for row in pair]


def launches_of(options, cluster, way, case):
    """{operation: [both_of it in each launch]}."""
    transport, variables = WAYS[way]
    found = {}
    for _ in range(options.count(LAUNCHES, 1)):
        with scratch() as place:
            out = pathlib.Path(place) / "results"
            end_well(cluster.start(options.weft, transport, case.arguments, out, per_host=PER_HOST, in_turn=case.in_turn, variables=variables))
            rows = rows_of(out)
        for operation in dict.fromkeys(row["operation"] for row in rows if row["algorithm"] in case.algorithms):
            found.setdefault(operation, []).append(both_of(rows, case, operation))
    return found


def row_of(launches):
    """(how far the median of the launches is off the bytes' ratio, the table's words)."""
    link = launches[0][1]  # the programs', the same in each launch
    predicted = link[0] / link[1]
    faster = [flat / levels for (flat, levels), _ in launches]
    off = statistics.median(faster) / predicted - 1
    ms = [statistics.median(times) for times in zip(*(times for times, _ in launches))]
    return off, (*(f"{x:.1f}" for x in ms), *(f"{x / 1e6:.2f}" for x in link),
                 f"{statistics.median(faster):.2f} [{min(faster):.2f}, {max(faster):.2f}]", f"{predicted:.2f}", f"{100 * off:+.1f} %")


def prove_levels(options, section, say):
    rows = []
    with Cluster(HOSTS, RATE) as cluster:
        for way in WAYS:
            for case in CASES:
                say(f"two levels, {way}, {case.kind}")
                found = {operation: row_of(launches) for operation, launches in launches_of(options, cluster, way, case).items()}
                rows += [(way, operation, case.order, *words) for operation, (_, words) in found.items()]
                furthest = max((off for off, _ in found.values()), key=abs)
                section.claim(f"{way}, {case.kind}: two levels are faster than flat by the ratio of the bytes between hosts, within 15 %, by the "
                              "median of the launches", f"furthest off by {100 * furthest:+.1f} %", abs(furthest) <= OFF)
    section.table(f"8 ranks on 4 hosts, 100 Mbit/s, {options.count(LAUNCHES, 1)} launches: `ring` against `two_level` (4 MiB of f32), dispatchers `flat` against "
                  "`hierarchical`; times are medians, `faster` the median [least, most]:",
                  ("over", "operation", "ranks", "flat, ms", "two levels, ms", "flat, MB a link", "two levels, MB a link", "faster",
                   "by the bytes", "off"), rows)
