"""Several hosts, out of network namespaces by scripts/hosts: mpirun and the world env across them, slow links, cut ones."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

from processes import alive, name, tree, wait_for
from program import FAILED, HAS_MPI, OK, USAGE, ProgramTest, command, has_transport, main, points

HOSTS = str(pathlib.Path(__file__).resolve().parents[2] / "scripts" / "hosts")
ENV_HOSTS = os.environ.get("WEFT_ENV_HOSTS", "")
TIMEOUT = 4  # of conformance_env_hosts
ONE_POINT = ["-b", "64", "-e", "64", "-n", "2", "-w", "1", "-c", "1"]
# Bytes of messages per second over a link limited to 1 Gbit/s: HTB counts frames, of 1,514 bytes here, of which Ethernet's header has
# 14, IPv4's 20 and TCP's with timestamps 32.
PAYLOAD = 1e9 / 8 * 1448 / 1514
PAIRS = ["-n", "6", "-w", "0", "-c", "0", "--cache", "hot"]
LONG = ["-b", "64", "-e", "64M", "-f", "1000000", "-w", "1", "-n"]
# How long 4 MB take from this host to another, in seconds, and by which congestion control.
TRANSFER = """
import socket, subprocess, sys, time
listener = socket.create_server(("", 5000)); began = time.monotonic(); connection, _ = listener.accept()
while connection.recv(1 << 16): pass
print(time.monotonic() - began)
"""
SEND = """
import socket, sys, time
for _ in range(200):
    try: connection = socket.create_connection((sys.argv[1], 5000)); break
    except OSError: time.sleep(0.05)
connection.sendall(bytes(4_000_000))
print(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(bytes(1)).decode())
"""


def why_not():
    """Why there can be no hosts here; empty where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if any(shutil.which(name) is None for name in ("ip", "tc", "unshare")):
        return "iproute2 is not installed"
    name = f"weft-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    bridge = subprocess.run(["ip", "-n", name, "link", "add", "name", "bridge0", "type", "bridge"], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)
    return "no network namespaces here: " + (made.stderr or bridge.stderr).strip() if made.returncode or bridge.returncode else ""


WHY_NOT = why_not()


def leftovers(name):
    namespaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    folders = [str(path) for folder in ("/run/weft-hosts", "/etc/netns") for path in pathlib.Path(folder).glob(f"*{name}*")]
    return re.findall(rf"weft-{name}-\S+", namespaces) + folders


class HostsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        if WHY_NOT:
            self.skipTest(WHY_NOT)
        self.name = f"t{os.getpid()}{self._testMethodName.replace('_', '')[4:12]}"
        self.addCleanup(self.check_left)
        self.out = self.folder / "run"

    def check_left(self):
        self.assertEqual(leftovers(self.name), [])

    def hosts(self, *words, **options):
        return subprocess.run([HOSTS, "--name", self.name, *map(str, words)], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, **options)

    def up(self, size, *words):
        made = self.hosts("up", size, *words)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.addCleanup(self.hosts, "down")

    def on_host(self, host, *words, **variables):
        env = {**os.environ, **{key: str(value) for key, value in variables.items()}}
        process = subprocess.Popen([HOSTS, "--name", self.name, "exec", str(host), "--", *map(str, words)], env=env, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def run_words(self, *sizes, pattern="all_reduce", oversubscribe=True):
        return command(["run", pattern, *sizes, *(["--oversubscribe"] if oversubscribe else []), "--out", self.out])

    def start_ranks(self, ranks, words):
        """A process on each host, which meet by the world env."""
        return [self.on_host(rank + 1, *words, RANK=rank, WORLD_SIZE=ranks, MASTER_ADDR=f"weft-{self.name}-1", MASTER_PORT=29500,
                             WEFT_SECRET="sesame") for rank in range(ranks)]

    def await_row(self):
        table = self.out / "points.csv"
        wait_for(lambda: table.exists() and table.read_text().count("\n") > 1, 40, "a row of results")
        time.sleep(0.3)  # into the next point

    def check_slow_links(self, printed, named):
        """What `pairs` says of messages one way, and what the link between the hosts 1 and 3 gave where it is named."""
        said = printed[printed.index("\npingpong of "): printed.index("\nexchange of ")]
        self.assertEqual(re.findall(r"slow: (.*?):", said), [f"weft-{self.name}-1 - weft-{self.name}-3"] if named else [], said)
        if not named:
            return
        found = json.loads((self.out / "pairs.json").read_text())
        point = next(point for point in found["points"] if point["operation"] == "pingpong")
        us = next(pair[2] for pair in point["pairs"] if sorted(pair[:2]) == [0, 2])
        print(f"\n  {point['bytes'] / us:.1f} MB/s of {PAYLOAD / 1e6:.1f} ", end="", flush=True)
        self.assertLess(abs(point["bytes"] / us * 1e6 / PAYLOAD - 1), 0.03)


class Cluster(HostsTest):
    def test_removed_whatever_happens(self):
        self.assertEqual(self.hosts("run", 2, "--", "sh", "-c", "hostname; exit 7").returncode, 7)
        self.check_left()
        process = subprocess.Popen([HOSTS, "--name", self.name, "run", "2", "--", "sleep", "60"])
        wait_for(lambda: any(name(pid) == "sleep" for pid in tree(process.pid)), 20, "the command")
        pids = tree(process.pid)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 128 + signal.SIGINT)
        self.assertFalse(any(alive(pid) for pid in pids))

    def test_bad_input_is_a_sentence(self):
        for words, sentence in ((["run", 1, "--", "true"], "1 hosts: give 2"), (["down"], "there is no cluster"),
                                (["run", 2], "give the command"), (["run", 2, "--ranks-per-host", -1, "--", "true"], "--ranks-per-host -1: give"),
                                (["run", 2, "--ranks-per-host", 0, "--", "true"], "--ranks-per-host 0: give 1 to 1024"),
                                (["run", 2, "--rate", "much", "--", "true"], "--rate much: give"),
                                (["run", 2, "--rate", "", "--", "true"], "--rate : give"), (["up", 2, "--rate", "0gbit"], "--rate 0gbit: give"),
                                (["limit", 1, 2, "fast"], "RATE fast: give")):
            result = self.hosts(*words)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
            self.assertIn(sentence, result.stderr)
        result = self.hosts("up", 2, preexec_fn=lambda: os.setuid(65534))
        self.assertEqual((result.returncode, result.stderr), (USAGE, "scripts/hosts: network namespaces need root\n"))

    def test_links(self):
        self.up(3, "--rate", "400mbit")
        self.assertEqual(self.hosts("limit", 1, 2, "50mbit").returncode, 0)
        seconds = {}
        for peer in (2, 3):
            receiver = self.on_host(peer, "python3", "-c", TRANSFER)
            sender = self.on_host(1, "python3", "-c", SEND, f"weft-{self.name}-{peer}")
            seconds[peer] = float(receiver.communicate(timeout=30)[0])
            self.assertEqual(sender.communicate(timeout=30)[0].strip(), "reno")
        print(f"\n  4 MB: {seconds[2]:.2f} s at 50 Mbit/s, {seconds[3]:.2f} s at 400 ", end="", flush=True)
        self.assertGreater(seconds[2], 0.9 * 4e6 * 8 / 50e6)
        self.assertLess(seconds[3], seconds[2])


class Mpirun(HostsTest):
    def setUp(self):
        super().setUp()
        if not HAS_MPI:
            self.skipTest("built without MPI")

    def mpirun(self, ranks):
        return ["mpirun", "-np", str(ranks), "--map-by", "node", "--bind-to", "none"]

    def test_four_nodes(self):
        result = self.hosts("run", 4, "--", *self.mpirun(4), *self.run_words("-t", "mpi", *ONE_POINT))
        self.assertEqual(result.returncode, OK, result.stderr)
        info = json.loads((self.out / "run.json").read_text())
        self.assertEqual([place["host"] for place in info["topology"]], [f"weft-{self.name}-{host}" for host in (1, 2, 3, 4)])
        self.assertFalse(info["clocks"][0]["shared"], "the clocks of different nodes were taken for one")
        self.assertGreater(info["clocks"][0]["bound_ns"], 0)
        self.assertEqual([row["status"] for row in points(self.out)], ["ok"])

    def test_cut_host(self):
        self.up(3)
        process = self.on_host(1, *self.mpirun(3), *self.run_words("-t", "mpi", *LONG, "2000", "--timeout", "10"))
        self.await_row()
        self.hosts("cut", 3)
        began = time.monotonic()
        _, error = process.communicate(timeout=30)
        self.assertLess(time.monotonic() - began, 15)
        self.assertNotEqual(process.returncode, OK)
        self.assertIn(f"weft-{self.name}-3", error)
        wait_for(lambda: all(len(line.split()) == 2 for line in self.hosts("show").stdout.splitlines()), 15, "the end of all processes")
        self.assertEqual({row["status"] for row in points(self.out)}, {"ok"})


class Env(HostsTest):
    def setUp(self):
        super().setUp()
        if not ENV_HOSTS:
            self.skipTest("built without the world env: libssl-dev is absent")

    def test_eight_ranks_of_four_hosts(self):
        result = self.hosts("run", 4, "--ranks-per-host", 2, "--", ENV_HOSTS, "0.2", env={**os.environ, "WEFT_SECRET": "sesame"})
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(result.stdout.split(), [f"weft-{self.name}-{1 + rank // 2}" for rank in range(8)])
        self.assertEqual(result.stderr, "")

    def test_shared_memory_ends_at_the_host(self):
        result = self.hosts("run", 2, "--ranks-per-host", 1, "--", *self.run_words("-t", "shm", *ONE_POINT))
        self.assertEqual(result.returncode, USAGE, result.stderr)
        self.assertRegex(result.stderr, r"nothing was measured: .*host")
        self.assertIn("no secret was given", result.stderr)

    def test_cut_host(self):
        self.up(4)
        ranks = [self.on_host(rank + 1, ENV_HOSTS, 60, RANK=rank, WORLD_SIZE=4, MASTER_ADDR=f"weft-{self.name}-1", MASTER_PORT=29500,
                              WEFT_SECRET="sesame") for rank in range(4)]
        self.assertEqual(ranks[0].stdout.readline(), f"weft-{self.name}-1\n")
        cut = tree(ranks[2].pid)
        self.hosts("cut", 3)
        for pid in cut:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        said = {rank: ranks[rank].communicate(timeout=30)[1] for rank in (0, 1, 3)}
        self.assertLess(time.monotonic() - began, TIMEOUT + 6)
        self.assertEqual([ranks[rank].returncode for rank in said], [FAILED] * 3)
        self.assertRegex(said[0], rf"^weft: rank 2 \(pid \d+ on weft-{self.name}-3\) [^\n]*\n$")
        self.assertEqual((said[1], said[3]), ("", ""))
        for pid in cut:
            os.kill(pid, signal.SIGCONT)
        _, error = ranks[2].communicate(timeout=15)
        self.assertEqual(ranks[2].returncode, FAILED)
        self.assertRegex(error, f"rank 2 .*weft-{self.name}-")


class Run(HostsTest):
    """weft itself from host to host without MPI, over a transport that needs none."""

    TRANSPORT = "tcp"
    CHOICE = []  # none: it is the default from host to host
    TIMEOUT = TIMEOUT

    def setUp(self):
        super().setUp()
        if not ENV_HOSTS:
            self.skipTest("built without the world env: libssl-dev is absent")
        if not has_transport(self.TRANSPORT):
            self.skipTest(f"built without the transport {self.TRANSPORT}")

    def test_four_nodes(self):
        on_each = ["run", 4, "--rate", "1gbit", "--ranks-per-host", 1, "--"]
        result = self.hosts(*on_each, *self.run_words(*self.CHOICE, *ONE_POINT))
        self.assertEqual(result.returncode, OK, result.stderr)
        info = json.loads((self.out / "run.json").read_text())
        names = [f"weft-{self.name}-{host}" for host in (1, 2, 3, 4)]
        self.assertEqual([place["host"] for place in info["topology"]], names)
        self.assertFalse(info["clocks"][0]["shared"], "the clocks of different nodes were taken for one")
        self.assertGreater(info["clocks"][0]["bound_ns"], 0)
        cores = info["topology"][0]["allowed_cores"]
        self.assertEqual([(row["transport"], row["status"], row["wrong"], row["oversubscribed"]) for row in points(self.out)],
                         [(self.TRANSPORT, "ok", "0", "true" if cores < 4 else "false")])
        if cores < 4:
            self.out = self.folder / "refused"
            result = self.hosts(*on_each, *self.run_words(*self.CHOICE, *ONE_POINT, oversubscribe=False))
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertIn(f"4 ranks on {cores} cores, which the hosts {', '.join(names[:3])} and {names[3]} share: start fewer, or allow "
                          "it with --oversubscribe", result.stderr)

    def inside(self, host, *words):
        subprocess.run(["ip", "-n", f"weft-{self.name}-{host}", *words], check=True)

    def test_addresses(self):
        """Every host has docker0's address too, before its own, and an interface without a link."""
        self.up(2)
        for host in (1, 2):
            self.inside(host, "address", "flush", "dev", "eth0")
            for address in ("172.17.0.1/16", f"10.77.0.{host}/24"):
                self.inside(host, "address", "add", address, "dev", "eth0")
            self.inside(host, "link", "add", "dark9", "type", "veth", "peer", "name", "down9")
            self.inside(host, "address", "add", f"10.99.0.{host}/24", "dev", "dark9")
            self.inside(host, "link", "set", "dark9", "up")
        for flags, refused in (([], None), (["--tcp-interface", "10.77.0.0/24"], None), (["--tcp-interface", "10.77.0.2"], 1),
                               (["--tcp-interface", "dark9"], 1)):
            with self.subTest(flags):
                self.out = self.folder / f"run{len(flags)}{flags[-1:]}".replace("/", "-")
                ranks = self.start_ranks(2, self.run_words("-t", self.TRANSPORT, *flags, *ONE_POINT))
                said = [rank.communicate(timeout=30)[1] for rank in ranks]
                self.assertEqual(max(rank.returncode for rank in ranks), USAGE if refused else OK, said)
                if refused:
                    self.assertIn(f"--tcp-interface {flags[1]}: host weft-{self.name}-{refused} has no interface of this name, address or subnet", said[0])
                    self.assertNotIn("dark9 10.99", said[0])

    @unittest.skipIf(os.environ.get("WEFT_SANITIZE"), "of full speed")
    def test_slow_link(self):
        self.up(4, "--rate", "2gbit")
        for slow, size in ((False, "2M"), (True, "8M")):
            if slow:
                self.hosts("limit", 1, 3, "1gbit")
            self.out = self.folder / str(slow)
            ranks = self.start_ranks(4, self.run_words("-b", size, "-e", size, *PAIRS, pattern="pairs"))
            said = [rank.communicate(timeout=30) for rank in ranks]
            self.assertEqual([rank.returncode for rank in ranks], [OK] * 4, said)
            self.check_slow_links(said[0][0], slow)

    def test_cut_host(self):
        self.up(4)
        ranks = self.start_ranks(4, self.run_words("-t", self.TRANSPORT, *LONG, "100", "--timeout", self.TIMEOUT))
        self.await_row()
        self.hosts("cut", 3)
        began = time.monotonic()
        said = [rank.communicate(timeout=30)[1] for rank in ranks]
        self.assertLess(time.monotonic() - began, self.TIMEOUT + 8)
        self.assertEqual([rank.returncode for rank in ranks], [FAILED] * 4, said)
        self.assertIn(f"weft-{self.name}-3", said[0])
        self.assertEqual({row["status"] for row in points(self.out)}, {"ok"})


class RunUcx(Run):
    TRANSPORT = "ucx"
    CHOICE = ["-t", "ucx"]
    TIMEOUT = 10  # a library takes its time to look for devices, beside other tests
    test_slow_link = test_addresses = None  # of tcp, which needs no library


class RunOfi(Run):
    TRANSPORT = "ofi"
    CHOICE = ["-t", "ofi"]
    TIMEOUT = 10
    test_slow_link = test_addresses = None  # of tcp, which needs no library


class RunGloo(Run):
    TRANSPORT = "gloo"
    CHOICE = ["-t", "gloo"]
    TIMEOUT = 10
    test_slow_link = test_addresses = None  # of tcp, which needs no library


if __name__ == "__main__":
    main()
