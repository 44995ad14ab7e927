"""The transports that are other people's libraries, ucx, ofi and gloo: whole runs, what they are asked in vain, and the signals they take."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

from processes import rank_process, tree, wait_for
from program import FAILED, HAS_MPI, OK, USAGE, ProgramTest, command, environment, has_transport, main, points, weft

SMALL = ["-b", "8", "-e", "512K", "-f", "256", "-n", "5", "--oversubscribe"]
CAUGHT = (signal.SIGHUP, signal.SIGINT, signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV, signal.SIGTERM)


def caught_signals(pid):
    """Of those that libraries take."""
    line = next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt:"))
    mask = int(line.split()[1], 16)
    return [number for number in CAUGHT if mask >> (number - 1) & 1]


class Libraries(ProgramTest):
    def setUp(self):
        super().setUp()
        self.known = [name for name in ("ucx", "ofi", "gloo") if has_transport(name)]
        if not self.known:
            self.skipTest("built without ucx, ofi and gloo: libucx-dev, libfabric-dev and libgloo-dev are absent")
        self.out = self.folder / "run"

    def require(self, name):
        if name not in self.known:
            self.skipTest(f"built without {name}")

    def run_ok(self, *arguments, mpi_ranks=0):
        result = weft("run", "all_reduce", "-t", ",".join(self.known), *SMALL, *arguments, "--out", self.out, mpi_ranks=mpi_ranks)
        self.assertEqual(result.returncode, OK, result.stderr)
        rows = points(self.out)
        self.assertEqual({(row["status"], row["wrong"]) for row in rows}, {("ok", "0")}, rows)
        self.assertEqual({row["transport"] for row in rows}, set(self.known))
        self.assertEqual(len(rows), 3 * len(self.known))

    def test_local(self):
        self.run_ok("--ranks", "3", "--memory", "huge")

    def test_mpirun(self):
        if not HAS_MPI:
            self.skipTest("built without MPI")
        self.run_ok(mpi_ranks=2)

    def test_memory_that_they_do_not_take(self):
        for name in self.known:
            out = self.folder / name
            result = weft("run", "all_reduce", "-t", name, "--ranks", "2", "--memory", "device", "--out", out)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertEqual({row["reason"] for row in points(out)}, {f"--memory device: {name} takes host, huge"})

    def test_providers(self):
        self.require("ofi")
        result = weft("run", "all_reduce", "-t", "ofi", *SMALL, "--ranks", "2", "--ofi-provider", "shm", "--out", self.out)
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual({(row["status"], row["wrong"]) for row in points(self.out)}, {("ok", "0")})
        self.assertEqual(self.provider(self.out), "shm")
        chosen = self.folder / "chosen"
        self.assertEqual(weft("run", "all_reduce", "-t", "ofi", *SMALL, "--ranks", "2", "--out", chosen).returncode, OK)
        self.assertNotEqual(self.provider(chosen), "")
        for name in ("vrebs", "^tcp", "tcp,shm"):  # the last two filter, and name none
            self.check_refused_provider(name)

    def provider(self, run):
        return json.loads((run / "run.json").read_text())["provenance"]["transports"]["ofi"]["provider"]

    def check_refused_provider(self, name):
        out = self.folder / name
        result = weft("run", "all_reduce", "-t", "ofi", "--ranks", "2", "--ofi-provider", name, "--out", out)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        for row in points(out):
            self.assertRegex(row["reason"], rf"^--ofi-provider {re.escape(name)}: libfabric has no such provider .* \(it has: .*tcp.*\)$")

    def test_interfaces(self):
        self.require("gloo")
        result = weft("run", "all_reduce", "-t", "gloo", *SMALL, "--ranks", "2", "--tcp-interface", "127.0.0.0/8", "--out", self.out)
        self.assertEqual(result.returncode, OK, result.stderr)
        result = weft("run", "all_reduce", "-t", "gloo", "--ranks", "2", "--tcp-interface", "dark9")
        self.assertEqual(result.returncode, USAGE, result.stderr)
        self.assertRegex(result.stderr, r"^weft: --tcp-interface dark9: host .* has no interface .*\(it has: .*lo 127\.0\.0\.1.*\)$")

    def test_variables_with_which_they_cannot_be_opened(self):
        for name, variable, value, says in (("ucx", "UCX_TLS", "pigeon", "ucp_init: .*"), ("ucx", "UCX_TLS", "self", "ucp_ep_create: .*"),
                                            ("ofi", "FI_PROVIDER", "pigeon", "libfabric finds no provider .*")):
            if name not in self.known:
                continue
            out = self.folder / value / name
            words = command(["run", "barrier", "-t", name, "--ranks", "2", "--oversubscribe", "--out", out])
            result = subprocess.run(words, env={**environment(), variable: value}, capture_output=True, text=True, timeout=60)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            for row in points(out):
                self.assertEqual(row["status"], "refused")
                self.assertRegex(row["reason"], f"{says}, with .*{variable}={value}.* set$")

    def test_signals_are_the_users(self):
        """None that a library takes as it is loaded stays with it, and a rank that one ends leaves no backtrace in the folder."""
        words = command(["run", "all_reduce", "-t", self.known[0], "-b", "16M", "-e", "16M", "-n", "5000", "--ranks",
                         "2", "--oversubscribe", "--out", self.out])
        process = subprocess.Popen(words, cwd=self.folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and process.terminate())
        wait_for(lambda: any(pathlib.Path(f"/proc/{pid}/comm").read_text() == "weft-rank-1\n" for pid in tree(process.pid)), 20, "rank 1")
        time.sleep(0.5)
        rank = rank_process(tree(process.pid), 1)
        self.assertEqual(caught_signals(rank), [])
        os.kill(rank, signal.SIGABRT)
        _, said = process.communicate(timeout=20)
        self.assertEqual(process.returncode, FAILED, said)
        self.assertRegex(said, r"weft: rank 1 \(pid .*\) was killed by signal 6")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["run"])


if __name__ == "__main__":
    main()
