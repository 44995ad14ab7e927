"""The command line of scripts/compare_peers.py."""

import argparse
import importlib
import pathlib
import signal
import sys

from .places import HOSTS, Loopback, TwoHosts
from .program import ROOT, PeerFailed, need, to_bytes
from .weft import Weft

# Each is a file here with NEEDS, programs and their packages, compare(weft, options), and OPERATIONS where it has several.
PEERS = ("shm", "osu", "ucx", "ofi", "netpipe", "iperf", "sockets", "openmpi-tcp", "gloo", "gloo-benchmark")
COLLECTIVES = ("shm", "osu", "openmpi-tcp", "gloo", "gloo-benchmark")
BETWEEN_HOSTS = ("netpipe", "iperf", "openmpi-tcp", "gloo")
# Flags that not every comparison takes, and which do.
TAKEN_BY = {"ranks": COLLECTIVES, "budget": ("shm", "openmpi-tcp", "gloo", "gloo-benchmark"),
            "operations": ("shm", "osu", "openmpi-tcp", "gloo"), "largest": ("openmpi-tcp", "gloo"), "tuned": ("shm",),
            "osu": ("osu",), "gloo_benchmark": ("gloo-benchmark",), "hosts": BETWEEN_HOSTS, "rate": BETWEEN_HOSTS}
DEFAULTS = {"ranks": 2, "largest": "16M"}  # of them
USAGE = 2


def parse(arguments, description):
    parser = argparse.ArgumentParser(prog="compare_peers", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=PEERS)
    parser.add_argument("--weft", default=ROOT / "build/release/weft", help="the program (default: the release build's)")
    parser.add_argument("--ranks", type=int, help=f"of collectives (default: {DEFAULTS['ranks']})")
    parser.add_argument("--rounds", type=int, default=9, help="launches of each (default: 9)")
    parser.add_argument("--budget", help="of collectives: seconds of timed iterations per point (default: 0.3 for shm, else 0.1)")
    parser.add_argument("--operations", help="of collectives: a list (default: all that are compared)")
    parser.add_argument("--largest", help=f"openmpi-tcp, gloo: bytes per rank (default: {DEFAULTS['largest']})")
    parser.add_argument("--tuned", action="store_true", default=None, help="shm: keep malloc from returning memory, for Open MPI's temporaries")
    parser.add_argument("--osu", help="osu: folder with OSU Micro-Benchmarks, built")
    parser.add_argument("--gloo-benchmark", metavar="PROGRAM", help="gloo-benchmark: Gloo's own benchmark, built")
    parser.add_argument("--hosts", action="store_true", default=None, help=f"between {HOSTS} hosts of scripts/hosts in place of the loopback (root)")
    parser.add_argument("--rate", help="--hosts: limit of each link, as 1gbit (default: none)")
    return parser.parse_args(arguments)


def refuse_flags_without_meaning(options):
    for name, peers in TAKEN_BY.items():
        if getattr(options, name) is not None and options.what not in peers:
            raise PeerFailed(f"--{name.replace('_', '-')}: has no meaning for {options.what}, it is of {', '.join(peers)}")


def set_defaults(options):
    for name, default in DEFAULTS.items():
        if getattr(options, name) is None:
            setattr(options, name, default)


def operations_of(text, known):
    """The operations that were asked for, all where none were."""
    asked = tuple(text.split(",")) if text else known
    for operation in asked:
        if operation not in known:
            raise PeerFailed(f"--operations {text}: '{operation}' is not compared here: {', '.join(known)}")
    return asked


def place_of(options):
    if options.rate and not options.hosts:
        raise PeerFailed("--rate limits the links between hosts: give --hosts too")
    if options.hosts and options.ranks % HOSTS != 0:
        raise PeerFailed(f"--ranks {options.ranks}: give a multiple of {HOSTS}, as many on each host")
    return TwoHosts(options.rate or "") if options.hosts else Loopback()


def compare(options):
    refuse_flags_without_meaning(options)
    set_defaults(options)
    peer = importlib.import_module(f".{options.what.replace('-', '_')}", __package__)
    if options.rounds < 1 or options.ranks < 2:
        raise PeerFailed(f"--rounds {options.rounds} and --ranks {options.ranks}: give 1 round and 2 ranks at least")
    to_bytes(options.largest)
    options.operations = operations_of(options.operations, getattr(peer, "OPERATIONS", ()))
    place = place_of(options)
    for program, package in peer.NEEDS:
        need(program, package)
    if not pathlib.Path(options.weft).is_file():
        raise PeerFailed(f"{options.weft} does not exist: run scripts/build, or give --weft")
    with place:
        peer.compare(Weft(options.weft, place), options)


def end_by_signal(number, _frame):
    raise SystemExit(128 + number)  # what runs is ended, hosts are removed


def main(arguments, description):
    options = parse(arguments, description)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end_by_signal)
    try:
        compare(options)
    except PeerFailed as error:
        print(f"compare_peers: {error}", file=sys.stderr)
        return USAGE
    return 0
