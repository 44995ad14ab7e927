"""A rank that dies or is stopped in the middle of a point: everything ends in time, the rank is named, what was measured is kept."""

import os
import pathlib
import signal
import subprocess
import time

from program import FAILED, HAS_MPI, ProgramTest, command, environment, main, points

TIMEOUT = 4  # seconds, given to weft
RANKS = 3
VICTIM = 1


def children(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in text.split()]


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.02)


def rank_process(pid, rank):
    """The process that is the rank: the leaf of the tree whose environment or place says so."""
    leaves = [p for p in descendants(pid) if not children(p)]
    for leaf in leaves:
        env = pathlib.Path(f"/proc/{leaf}/environ").read_bytes().split(b"\0")
        if f"OMPI_COMM_WORLD_RANK={rank}".encode() in env:
            return leaf
    return sorted(leaves)[rank]


class Fault(ProgramTest):
    def run_and_hurt(self, transport, mpi, hurt):
        """Starts a long run, hurts one rank after the first point, and returns (seconds until the end, exit code, stderr)."""
        out = self.folder / "run"
        shared_memory = set(os.listdir("/dev/shm"))
        arguments = ["run", "all_reduce", "-t", transport, "-b", "8", "-e", "64K", "-n", "20000", "--timeout", str(TIMEOUT),
                     "--oversubscribe", "--out", out]
        arguments += [] if mpi else ["--ranks", str(RANKS)]
        process = subprocess.Popen(command(arguments, RANKS if mpi else 0), env=environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        try:
            table = out / "points.csv"
            wait_for(lambda: table.exists() and table.read_text().count("\n") >= 2, 60)
            before = [process.pid, *descendants(process.pid)]
            began = time.monotonic()
            os.kill(rank_process(process.pid, VICTIM), hurt)
            _, stderr = process.communicate(timeout=60)
            seconds = time.monotonic() - began
        finally:
            if process.poll() is None:
                process.kill()
        wait_for(lambda: not any(alive(pid) for pid in before), 2)
        # Open MPI's own session files are not weft's, and go with mpirun.
        left = {name for name in set(os.listdir("/dev/shm")) - shared_memory if "weft" in name}
        self.assertEqual(left, set())
        rows = points(out)
        self.assertGreaterEqual(len(rows), 1)
        for row in rows:
            self.assertEqual(row["status"], "ok")
        return seconds, process.returncode, stderr

    def check(self, transport, mpi, hurt, word):
        seconds, code, stderr = self.run_and_hurt(transport, mpi, hurt)
        self.assertEqual(code, FAILED, stderr)
        self.assertLess(seconds, TIMEOUT + 5)
        self.assertIn(f"rank {VICTIM}", stderr)
        self.assertIn(word, stderr)

    def test_local_killed(self):
        self.check("shm", False, signal.SIGKILL, "killed")

    def test_local_stopped(self):
        self.check("shm", False, signal.SIGSTOP, "stopped")

    def test_mpi_killed(self):
        if HAS_MPI:
            self.check("mpi", True, signal.SIGKILL, "killed")

    def test_mpi_stopped(self):
        if HAS_MPI:
            self.check("mpi", True, signal.SIGSTOP, "stopped")

    def test_shared_memory_under_mpi_killed(self):
        if HAS_MPI:
            self.check("shm", True, signal.SIGKILL, "killed")


if __name__ == "__main__":
    main()
