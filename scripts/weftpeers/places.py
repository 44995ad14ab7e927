"""Where a comparison runs: over the loopback, or between two hosts of scripts/hosts. A place starts ranks and pairs of programs."""

import os
import re

from .program import PORTS, ROOT, PeerFailed, call, cores, crowded

HOSTS = 2
LOOPBACK_SPEED = 3e9  # bytes per second, roughly: how often something is repeated depends on it
MPI_OVER_TCP = ("--mca", "pml", "ob1", "--mca", "btl", "tcp,self")


def rate_of(text):
    """Bytes per second of a rate in the units of tc: 1gbit, 100mbit."""
    match = re.fullmatch(r"(\d+)([kmg])bit", text)
    if match is None or int(match[1]) == 0:
        raise PeerFailed(f"--rate {text}: give a rate as 1gbit or 100mbit")
    return int(match[1]) * {"k": 1e3, "m": 1e6, "g": 1e9}[match[2]] / 8


def mpirun(ranks, placing, extra):
    idle = ["--mca", "mpi_yield_when_idle", "1" if crowded(ranks) else "0"]
    return ["mpirun", "-np", ranks, *placing, *idle, *extra]


def bound_by_rank(allowed):
    """What goes in front of a rank's command: rank i runs on the core allowed[i]."""
    return ["sh", "-c", f'cores="{" ".join(map(str, allowed))}"; exec taskset -c '
            '"$(echo "$cores" | cut -d" " -f$((OMPI_COMM_WORLD_RANK + 1)))" "$0" "$@"']


class Loopback:
    name = "loopback"
    server = "127.0.0.1"
    speed = LOOPBACK_SPEED

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def on(self, _side, words):
        return words

    def ranks(self, count, words):
        """[(command, variables)] that run weft's `words` on so many ranks without MPI: here weft starts them itself."""
        return [([*words, "--ranks", count], {})]

    def mpirun(self, ranks, extra=()):
        return mpirun(ranks, ["--oversubscribe", "--bind-to", "none"] if crowded(ranks) else ["--bind-to", "core"], extra)

    def mpirun_over_tcp(self, ranks):
        return self.mpirun(ranks, [*MPI_OVER_TCP, "--mca", "btl_tcp_if_include", "lo"])


class TwoHosts:
    """Side 0 is the first host, side 1 the second; ranks fill the first host first. For `with`: the hosts are removed there."""

    def __init__(self, rate):
        self.cluster = f"p{os.getpid()}"
        self.rate = rate
        self.name = f"two hosts, links of {rate}" if rate else "two hosts, links without limit"
        self.server = f"weft-{self.cluster}-1"
        self.speed = rate_of(rate) if rate else LOOPBACK_SPEED

    def command(self, *words):
        return [ROOT / "scripts/hosts", "--name", self.cluster, *words]

    def __enter__(self):
        call(self.command("up", HOSTS, *(["--rate", self.rate] if self.rate else [])))
        return self

    def __exit__(self, *_):
        call(self.command("down"))

    def on(self, side, words):
        return self.command("exec", side + 1, "--", *words)

    def ranks(self, count, words):
        local = count // HOSTS
        common = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(local), "MASTER_ADDR": self.server, "MASTER_PORT": str(next(PORTS))}
        return [(self.on(rank // local, words), {**common, "RANK": str(rank), "LOCAL_RANK": str(rank % local)}) for rank in range(count)]

    def mpirun_over_tcp(self, ranks):
        """To mpirun each host has all cores, and it would bind the first rank of each to the same: so ranks bind themselves."""
        crowd = crowded(ranks)
        placing = ["--map-by", f"ppr:{ranks // HOSTS}:node", "--bind-to", "none", *(["--oversubscribe"] if crowd else [])]
        return self.on(0, [*mpirun(ranks, placing, MPI_OVER_TCP), *([] if crowd else bound_by_rank(cores()))])
