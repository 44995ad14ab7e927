"""Hosts out of network namespaces (scripts/hosts, docs/hosts.md). A host of four is cut off in the middle of a point, over every
transport: mpi under mpirun, the others in the world env with `--timeout 10`. The run must end within 20 s, name the host, and
keep the points that are finished. Then strangers at the rendezvous port of four ranks, of which the last is late: a host of its own
opens 10,000 connections and says nothing, random bytes, a web browser's greeting, or a byte now and then, and a rank with the wrong
secret comes too. The hub, which listens there, must not grow beyond 64 MiB, and the run end well."""

import os
import pathlib
import time

from .cluster import TRANSPORTS, Cluster, end, need_hosts
from .program import ProofFailed, rows_of, scratch
from .report import Section

TITLE = "Hosts: one is cut off, strangers come"
HOSTS, CUT = 4, 3
PATIENCE, DETECT = 40, 20
STRANGERS, MOST_MEMORY = 10_000, 64 << 20
LONG = ["all_reduce", "-b", 64, "-e", "64M", "-f", 1_000_000, "-n", 100, "-w", 1, "--timeout", 10]
SHORT = ["all_reduce", "-b", 4, "-e", "1K", "-f", 16, "-n", 20, "-w", 2, "--timeout", 120]

# Opens argv[3] connections to argv[1]:argv[2], 200 of them at a time; prints how many when half are done, and at the end.
FLOOD = """
import contextlib, os, socket, sys
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
words, held, made = (b"", b"GET / HTTP/1.1\\r\\n\\r\\n", bytes(4096), os.urandom(152), b"slow"), [], 0
for number in range(10 * count):
    with contextlib.suppress(OSError):
        stranger = socket.create_connection((host, port), timeout=2)
        stranger.sendall(words[number % 5][: 1 if number % 5 == 4 else None])
        held.append(stranger)
        made += 1
    for slow in held[4::25]:
        with contextlib.suppress(OSError):
            slow.send(b"s", socket.MSG_DONTWAIT)
    if len(held) > 200: held.pop(0).close()
    if made in (count // 2, count): print(made, flush=True)
    if made == count: break
"""


def wait_until(condition, seconds, what):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise ProofFailed(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)


def cut_in_the_middle(options, transport, out):
    """(seconds from the cut to the end of the first process, exit code, what it said, host's name)"""
    with Cluster(HOSTS) as cluster:
        processes = cluster.start(options.weft, transport, LONG, out)
        table = out / "points.csv"
        wait_until(lambda: table.exists() and table.read_text(encoding="utf-8").count("\n") > 1, 60, f"a row of results over {transport}")
        time.sleep(0.5)  # into the next point
        cluster.hosts("cut", CUT)
        began = time.monotonic()
        (code, _, said), *_ = end(processes, PATIENCE)
        return time.monotonic() - began, code, said, cluster.host(CUT)


def prove_cuts(options, section, say):
    rows = []
    with scratch() as place:
        for transport in TRANSPORTS:
            say(f"a host is cut off, {transport}")
            out = pathlib.Path(place) / transport
            text = f"{transport}: a run whose host was cut off ends within {DETECT} s, names it, keeps the finished points"
            try:
                seconds, code, said, host = cut_in_the_middle(options, transport, out)
            except ProofFailed as error:
                section.claim(text, str(error), False)
                continue
            kept = [row["status"] for row in rows_of(out)]
            good = seconds <= DETECT and code != 0 and host in said and set(kept) == {"ok"}
            section.claim(text, f"{seconds:.1f} s, code {code}, {'named' if host in said else 'not named'}, {kept.count('ok')} kept", good)
            line = next((line for line in said.splitlines() if host in line), said.strip()[:200])
            rows.append((transport, f"{seconds:.1f}", code, line.strip().replace(host, f"HOST-{CUT}")))
    section.table("What rank 0's host, or mpirun, says:", ("transport", "seconds", "code", "sentence"), rows)


def hub_below(pid):
    """The process of the name weft-hub among the descendants."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    for child in map(int, children):
        if pathlib.Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip() == "weft-hub":
            return child
        found = hub_below(child)
        if found is not None:
            return found
    return None


def most_memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def prove_strangers(options, section, say):
    say("strangers at the rendezvous port")
    with Cluster(HOSTS + 1) as cluster, scratch() as place:
        out = pathlib.Path(place) / "run"
        words = [options.weft.program, "run", *SHORT, "-t", "tcp", "--oversubscribe", "--noise-probe", 0, "--out", out]
        world = {"WORLD_SIZE": HOSTS}
        ranks = [cluster.rank(rank, words, variables=world) for rank in range(HOSTS - 1)]
        wait_until(lambda: hub_below(ranks[0].pid) is not None, 20, "the hub")
        hub = hub_below(ranks[0].pid)
        impostor = cluster.on_host(HOSTS + 1, words, {"RANK": HOSTS - 1, "WORLD_SIZE": HOSTS, "MASTER_ADDR": cluster.host(1),
                                                      "MASTER_PORT": 29500, "WEFT_SECRET": "guess"})
        flood = cluster.on_host(HOSTS + 1, ["python3", "-c", FLOOD, cluster.host(1), 29500, STRANGERS])
        (_, printed, said), = end([flood], 120)
        came = int(printed.split()[-1]) if printed else 0
        memory = most_memory(hub)
        (refused, _, its_words), = end([impostor], 130) if impostor.poll() is not None else [(None, "", "")]
        late = cluster.rank(HOSTS - 1, words, variables=world)
        began = time.monotonic()
        ended = end([*ranks, late], 60)
        seconds = time.monotonic() - began
        rows = [(row["status"], row["ranks"]) for row in rows_of(out)]
    codes = [code for code, *_ in ended]
    section.claim(f"{STRANGERS:,} strangers at the port: the hub stays below 64 MiB, and the four ranks' run ends well",
                  f"{came:,} came; at most {memory / 2**20:.1f} MiB; codes {codes}, {rows.count(('ok', str(HOSTS)))} points, "
                  f"{seconds:.1f} s after the last rank came", came == STRANGERS and memory < MOST_MEMORY and codes == [0] * HOSTS)
    section.claim("a rank with the wrong secret does not get in, and is told so",
                  f"code {refused}: {its_words.strip().split(': WEFT_SECRET')[0]}", refused not in (None, 0) and "secret" in its_words)


def prove(options, say):
    options.need_this_machine()
    need_hosts()
    section = Section(TITLE, __doc__.replace("\n", " "))
    prove_cuts(options, section, say)
    prove_strangers(options, section, say)
    return section
