"""A rank that dies or is stopped in the middle of a point: everything ends in time, the rank is named, what was measured is kept."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

from processes import alive, mapped_shared_memory, rank_process, rank_supervisor, tree, wait_for
from program import FAILED, HAS_MPI, OK, ProgramTest, command, environment, has_transport, main, points, weft

TIMEOUT = 4  # seconds, given to weft
RANKS = 3
VICTIM = 1
LIBRARIES = ("ucx", "ofi", "gloo")  # transports that an absent library takes from the build
# The second point takes much longer than a test needs to hurt a rank in it.
LONG = ["-b", "64", "-e", "64M", "-f", "1000000", "-n", "20", "-w", "2", "--cache", "hot"]
MANY = ["-b", "8", "-e", "16M", "-f", "8", "-n", "100", "-w", "2", "--cache", "hot"]


class FaultTest(ProgramTest):
    def start(self, transport, mpirun, sizes, rows):
        """Starts a run; returns its process and those of its tree when so many rows are on disk and the next point is under way."""
        self.out = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "run"
        arguments = ["run", "all_reduce", "-t", transport, *sizes, "--timeout", TIMEOUT, "--oversubscribe", "--out", self.out]
        arguments += [] if mpirun else ["--ranks", RANKS]
        process = subprocess.Popen(command(arguments, RANKS if mpirun else 0), env=environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and process.terminate())
        table = self.out / "points.csv"
        wait_for(lambda: process.poll() is not None or (table.exists() and table.read_text().count("\n") > rows), 60,
                 f"{rows} rows of results")
        self.assertIsNone(process.poll(), "weft ended by itself")
        time.sleep(0.3)
        return process, tree(process.pid)

    def expect_kept(self, rows=1):
        kept = points(self.out)
        self.assertGreaterEqual(len(kept), rows)
        self.assertEqual({row["status"] for row in kept}, {"ok"})

    def hurt(self, transport, mpirun, whom, how):
        """Sends the signal; returns (seconds until all had ended, exit code, what was said)."""
        process, pids = self.start(transport, mpirun, LONG, 1)
        files = mapped_shared_memory(pids)
        began = time.monotonic()
        os.kill(whom(pids), how)
        _, said = process.communicate(timeout=60)
        wait_for(lambda: not any(alive(pid) for pid in pids), 2, "the end of all processes")
        seconds = time.monotonic() - began
        self.assertEqual([file for file in files if os.path.exists(file)], [])
        self.expect_kept()
        sentences = [line for line in said.splitlines() if line.startswith("weft: ") and "rank" in line]
        print(f"\n  {seconds:.1f} s, exit code {process.returncode}, {sentences} ", end="", flush=True)
        return seconds, process.returncode, sentences

    def hurt_rank(self, transport, mpirun, how, word):
        seconds, code, sentences = self.hurt(transport, mpirun, lambda pids: rank_process(pids, VICTIM), how)
        self.assertEqual(code, FAILED)
        self.assertLess(seconds, TIMEOUT + 5)
        self.assertEqual(len(sentences), 1, sentences)
        self.assertIn(f"rank {VICTIM} ", sentences[0])
        self.assertIn(word, sentences[0])


class Local(FaultTest):
    def test_local_rank_killed(self):
        for transport in ("shm", "tcp", *filter(has_transport, LIBRARIES)):
            with self.subTest(transport):
                self.hurt_rank(transport, False, signal.SIGKILL, "killed")

    def test_local_rank_stopped(self):
        for transport in ("shm", "tcp"):
            with self.subTest(transport):
                self.hurt_rank(transport, False, signal.SIGSTOP, "stopped")

    def test_local_supervisor_killed(self):
        seconds, code, _ = self.hurt("shm", False, lambda pids: pids[0], signal.SIGKILL)
        self.assertEqual(code, -signal.SIGKILL)
        self.assertLess(seconds, 5)

    def test_local_interrupted(self):
        seconds, code, _ = self.hurt("shm", False, lambda pids: pids[0], signal.SIGINT)
        self.assertEqual(code, 128 + signal.SIGINT)
        self.assertLess(seconds, 5)

    def test_killed_and_resumed(self):
        process, pids = self.start("shm", False, MANY, 3)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        process.wait(10)
        self.expect_kept(3)
        before = (self.out / "points.csv").read_bytes()
        before = before[: before.rfind(b"\n") + 1]  # a last line that was cut is measured again
        result = weft("run", "all_reduce", "-t", "shm", *MANY, "--timeout", TIMEOUT, "--oversubscribe", "--ranks", RANKS,
                      "--resume", self.out)
        self.assertEqual(result.returncode, OK, result.stderr)
        after = (self.out / "points.csv").read_bytes()
        self.assertTrue(after.startswith(before))
        self.assertGreater(len(after), len(before))
        sizes = sorted(int(row["bytes_per_rank"]) for row in points(self.out))  # measured in a random order
        self.assertEqual(sizes, [8 * 8**i for i in range(8)])
        self.expect_kept(8)


class Mpirun(FaultTest):
    def setUp(self):
        super().setUp()
        if not HAS_MPI:
            self.skipTest("built without MPI")

    def test_rank_killed(self):
        for transport in ("mpi", "shm", "tcp", *filter(has_transport, LIBRARIES)):
            with self.subTest(transport):
                self.hurt_rank(transport, True, signal.SIGKILL, "killed")

    def test_rank_stopped(self):
        for transport in ("mpi", "shm", "tcp"):
            with self.subTest(transport):
                self.hurt_rank(transport, True, signal.SIGSTOP, "stopped")

    def test_rank_killed_where_weft_started_mpirun(self):
        self.hurt_rank("mpi,shm", False, signal.SIGKILL, "killed")

    def test_interrupted_where_weft_started_mpirun(self):
        seconds, code, _ = self.hurt("mpi", False, lambda pids: pids[0], signal.SIGINT)
        self.assertEqual(code, 128 + signal.SIGINT)  # mpirun itself says 1
        self.assertLess(seconds, 5)

    def test_supervisor_killed(self):
        seconds, code, _ = self.hurt("mpi", True, lambda pids: rank_supervisor(pids, VICTIM), signal.SIGKILL)
        self.assertEqual(code, 128 + signal.SIGKILL)  # mpirun's own: it knows no more than that
        self.assertLess(seconds, 5)

    def test_interrupted(self):
        seconds, code, _ = self.hurt("mpi", True, lambda pids: pids[0], signal.SIGINT)
        self.assertNotEqual(code, OK)
        self.assertLess(seconds, 5)


if __name__ == "__main__":
    main()
