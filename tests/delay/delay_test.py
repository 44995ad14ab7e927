"""The delay library makes one rank late where it is told to, and writes down what happened."""

import csv
import os
import pathlib
import subprocess
import tempfile
import unittest

WEFT, LIBRARY = os.environ["WEFT"], os.environ["DELAY_LIBRARY"]


def run(settings, out):
    env = dict(os.environ)
    if os.geteuid() == 0:  # Open MPI refuses root unless told twice
        env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2", "-x", f"LD_PRELOAD={LIBRARY}",
               "-x", f"WEFT_DELAY={settings}", WEFT, "run", "broadcast", "-t", "mpi", "--algorithm", "native", "-b", "4K",
               "-e", "4K", "-n", "10", "-w", "0", "-c", "0", "--oversubscribe", "--out", str(out)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)


class DelayTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="weft-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def calls(self, rank):
        with open(self.folder / f"calls.{rank}", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_every_second_call_of_one_rank_is_late(self):
        done = run(f"rank=1,ns=5000000,every=2,bytes=4096,log={self.folder / 'calls'}", self.folder / "run")
        self.assertEqual(done.returncode, 0, done.stderr)
        first, late = self.calls(0), self.calls(1)
        self.assertEqual({call["delayed"] for call in first}, {"0"})
        self.assertEqual([call["delayed"] for call in late], ["01"[i % 2] for i in range(len(late))])
        self.assertGreaterEqual(len(late), 10)
        for call in late:
            self.assertEqual(call["call"], "bcast")
            if call["delayed"] == "1":
                self.assertGreaterEqual(int(call["end_ns"]) - int(call["start_ns"]), 5_000_000)
        with open(self.folder / "run/points.csv", newline="", encoding="utf-8") as file:
            row, = csv.DictReader(file)
        self.assertGreaterEqual(float(row["time_us_max"]), 5000)

    def test_other_sizes_pass(self):
        done = run(f"rank=1,ns=5000000,bytes=8192,log={self.folder / 'calls'}", self.folder / "run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.calls(1), [])

    def test_a_wrong_key_is_named(self):
        done = run("rank=1,nanoseconds=5", self.folder / "run")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("WEFT_DELAY: keys are rank, ns,", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
