"""Two levels against flat between hosts, for the proof of the hosts: 2 ranks on each of 4 hosts, whose links are so slow that the
bytes on them decide."""

import pathlib
import statistics
import typing

from .cluster import Cluster, end_well
from .program import number, rows_of, scratch

HOSTS, PER_HOST, MBITS = 4, 2, 100
LAUNCHES = 3
RATIO_OFF = 0.15

CALLS = ["-n", 5, "-w", 1, "-c", 0, "--cache", "hot"]
SIZE = "4M"
SIZES = ["-b", SIZE, "-e", SIZE, "--algorithm", "ring,two_level"]


class Case(typing.NamedTuple):
    kind: str
    arguments: list
    in_turn: bool  # whether the ranks are dealt to the hosts in turn, or lie in their order
    algorithms: tuple  # the flat one first

    @property
    def order(self):
        return "in turn" if self.in_turn else "in order"

    def __str__(self):
        return f"{self.kind}, ranks {self.order}"

    def senders(self, row):
        """How many ranks of a host send the row's bytes to others: of a ring through hosts in order, one."""
        return 1 if row["algorithm"] == "ring" and not self.in_turn else PER_HOST


CASES = (Case("collectives", ["all_reduce", "reduce_scatter", "all_gather", *SIZES, *CALLS], True, ("ring", "two_level")),
         Case("collectives", ["all_reduce", *SIZES, *CALLS], False, ("ring", "two_level")),
         Case("dispatchers", ["moe", "--model", "deepseek-v3", "--tokens", 64, "--dispatcher", "flat,hierarchical", "--ranks-per-node", PER_HOST,
                              *CALLS], False, ("flat", "hierarchical")))

EAGER = {"OMPI_MCA_btl_tcp_eager_limit": str(2 << 20)}  # more than any message here has
WAYS = {"tcp": ("tcp", {}), "mpi": ("mpi", {}), "mpi, eager": ("mpi", EAGER)}  # (transport, environment)
WHY_EAGER = ("Open MPI sends more than 64 KiB by rendezvous. The receiver's answer goes over the connection that carries the messages of "
             "the other way, behind these, and meanwhile the link idles, for flat and for two levels by different shares. `mpi, eager` is "
             f"without: {' '.join('='.join(pair) for pair in EAGER.items())}.")


def both_of(rows, case, operation):
    """(medians in ms, bytes of a host's link) of the operation's two algorithms."""
    pair = [next(row for row in rows if (row["operation"], row["algorithm"]) == (operation, name)) for name in case.algorithms]
    return [number(row, "time_us_median") / 1e3 for row in pair], [number(row, "wire_bytes_between_nodes") * case.senders(row) for row in pair]


def launches_of(options, cluster, way, case, launches):
    """{operation: [both_of it in each launch]}."""
    transport, variables = WAYS[way]
    found = {}
    for _ in range(launches):
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


def add(section, way, case, offs):
    """The claim of a case over one of WAYS."""
    furthest = max(offs, key=abs)
    section.claim(f"{way}, {case}: two levels are faster than flat by the ratio of the bytes between hosts, within {100 * RATIO_OFF:.0f} %, "
                  "by the median of the launches", f"furthest off by {100 * furthest:+.1f} %", abs(furthest) <= RATIO_OFF)


def prove_levels(options, section, say):
    rows = []
    launches = options.count(LAUNCHES, 1)
    with Cluster(HOSTS, f"{MBITS}mbit") as cluster:
        for way in WAYS:
            for case in CASES:
                say(f"two levels, {way}, {case}")
                found = {operation: row_of(pairs) for operation, pairs in launches_of(options, cluster, way, case, launches).items()}
                add(section, way, case, [off for off, _ in found.values()])
                rows += [(way, operation, case.order, *words) for operation, (_, words) in found.items()]
    section.table(f"{HOSTS * PER_HOST} ranks on {HOSTS} hosts, {MBITS} Mbit/s, launches: {launches}. `ring` against `two_level` ({SIZE} of f32), "
                  "dispatchers `flat` against `hierarchical`; times are medians, `faster` the median [least, most]:",
                  ("over", "operation", "ranks", "flat, ms", "two levels, ms", "flat, MB a link", "two levels, MB a link", "faster",
                   "by the bytes", "off"), rows)
    section.notes.append(WHY_EAGER)
