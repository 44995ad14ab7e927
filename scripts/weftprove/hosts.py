"""Four hosts out of network namespaces (scripts/hosts, docs/hosts.md), mpi under mpirun and the other transports in the world
env; ofi over its provider tcp. Links are limited by HTB, which counts frames: of a frame of 1,514 bytes (MTU 1,500)
Ethernet's header has 14, IPv4's 20 and TCP's with timestamps 32, so messages get 1448 / 1514 of the rate. Two levels against
flat: 2 ranks on a host whose link has 100 Mbit/s each way, so that bytes decide, not the hosts' common cores; what a host's
link carries is `wire_bytes_between_nodes` of the row times the ranks of the host that send that much, both where ranks are
dealt to the hosts in turn (of a ring too) and of all dispatchers, one where a ring runs through hosts in order. Conformance
is `conformance_transports_world` on a rank of each host: messages, the common clock, every algorithm."""

import json
import pathlib
import statistics

from . import hosts_levels, hosts_tuned
from .cluster import TRANSPORTS, Cluster, end, end_well, need_hosts, payload_rate
from .program import ProofFailed, scratch
from .report import Section

TITLE = "Hosts: slow links, two levels, conformance, tuning"
HOSTS = 4
SLOW_BITS, SLOW_LINK = 1e9, (0, 2)  # ranks of the hosts 1 and 3
PAIRS = ["pairs", "-b", "24M", "-e", "24M", "-n", 6, "-w", 1, "-c", 0, "--cache", "hot"]
LAUNCHES = 3
BANDWIDTH_OFF = 0.03


def look_at_pairs(folder):
    """(MB/s of messages over the slow link, the least and most of the other links), of messages one way."""
    found = json.loads((folder / "pairs.json").read_text(encoding="utf-8"))
    point = next(point for point in found["points"] if point["operation"] == "pingpong")
    rates = {tuple(sorted(pair[:2])): point["bytes"] / pair[2] for pair in point["pairs"]}
    slow = rates.pop(SLOW_LINK)
    return slow, min(rates.values()), max(rates.values())


def slow_links_named(cluster, printed):
    """Whether exactly the limited link is said to be slow, of messages one way."""
    part = printed[printed.index("\npingpong of "): printed.index("\nexchange of ")]
    said = [line.split("slow: ")[1].split(":")[0] for line in part.splitlines() if "slow: " in line]
    return said == [" - ".join(cluster.host(rank + 1) for rank in SLOW_LINK)]


def prove_slow_link(options, section, say):
    rows = []
    rate = payload_rate(SLOW_BITS) / 1e6
    launches = options.count(LAUNCHES, 1)
    with Cluster(HOSTS, "2gbit") as cluster, scratch() as place:
        cluster.hosts("limit", SLOW_LINK[0] + 1, SLOW_LINK[1] + 1, "1gbit")
        for transport in TRANSPORTS:
            offs, named = [], 0
            for launch in range(launches):
                say(f"slow link, {transport}, launch {launch + 1}")
                out = pathlib.Path(place) / f"{transport}{launch}"
                is_named = slow_links_named(cluster, end_well(cluster.start(options.weft, transport, PAIRS, out)))
                slow, least, most = look_at_pairs(out)
                offs.append(slow / rate - 1)
                named += is_named
                rows.append((transport, launch + 1, f"{slow:.1f}", f"{100 * offs[-1]:+.1f} %", f"{least:.1f} to {most:.1f}",
                             "1 - 3" if is_named else "not it alone"))
            off = statistics.median(offs)
            section.claim(f"{transport}: the link of 1 Gbit/s among links of 2 is named, and its bandwidth is {rate:.1f} MB/s within 3 %, by the "
                          "median of the launches", f"named {named} of {launches} times, {100 * off:+.1f} %",
                          named == launches and abs(off) <= BANDWIDTH_OFF)
    section.table(f"`weft run {' '.join(map(str, PAIRS))}`, `pingpong`:",
                  ("transport", "launch", "link 1 - 3, MB/s", f"off {rate:.1f}", "other links, MB/s", "said to be slow"), rows)


def prove_conformance(options, section, say):
    program = options.weft.program.parent / "tests/conformance/conformance_transports_world"
    if not program.is_file():
        section.claim("conformance on 4 hosts", f"{program.name} is not built beside weft", None)
        return
    with Cluster(HOSTS) as cluster:
        for world in ("mpi", "env"):
            for transport in TRANSPORTS:
                if transport == "mpi" and world == "env":
                    continue  # mpi needs mpirun
                say(f"conformance, {world}, {transport}")
                variables = {"FI_PROVIDER": "tcp"} if transport == "ofi" else {}
                launch = cluster.mpirun if world == "mpi" else cluster.ranks
                words = [program, world, transport]
                try:
                    ended = end(launch(words, variables=variables), 120)
                    wrong = "; ".join(said.strip()[-200:] or f"code {code}" for code, _, said in ended if code != 0)
                    green = not wrong and f"{transport} conforms" in ended[0][1]
                except ProofFailed as error:
                    green, wrong = False, str(error)
                section.claim(f"{transport} conforms on 4 hosts under {'mpirun' if world == 'mpi' else 'env'}",
                              "yes" if green else wrong.replace("\n", " "), green)


def prove(options, say):
    options.need_this_machine()
    need_hosts()
    section = Section(TITLE, __doc__.replace("\n", " "))
    section.notes.append("A rate of messages: a frame as HTB counts it has 1,514 bytes, of which 1,448 are messages', so 1 Gbit/s is 10^9 / 8 x "
                         f"1448 / 1514 = {payload_rate(SLOW_BITS) / 1e6:.1f} MB/s.")
    prove_slow_link(options, section, say)
    hosts_levels.prove_levels(options, section, say)
    prove_conformance(options, section, say)
    hosts_tuned.prove_tuning(options, section, say)
    return section
