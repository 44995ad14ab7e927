"""weft run --trace: every step of every rank, in a file that Perfetto reads and scripts/plot.py draws."""

import collections
import json
import pathlib
import subprocess

from program import HAS_MPI, OK, USAGE, ProgramTest, main, points, weft

PLOT = pathlib.Path(__file__).resolve().parents[2] / "scripts/plot.py"
SMALL = ["-b", "64K", "-e", "64K", "-n", "5", "--algorithm", "ring"]


class TraceTest(ProgramTest):
    def trace(self, *arguments, mpi_ranks=0):
        self.file = self.folder / "trace.json"
        result = weft("run", *arguments, "--trace", self.file, "--out", self.folder / "run", mpi_ranks=mpi_ranks)
        self.assertEqual(result.returncode, OK, result.stderr)
        return json.loads(self.file.read_text())

    def slices(self, events, name):
        return [event for event in events if event["ph"] == "X" and event["name"] == name]

    def test_shows_every_step_and_message(self):
        events = self.trace("all_reduce", "-t", "shm,model", "--ranks", "3", "--oversubscribe", *SMALL)
        names = [event["args"]["name"] for event in events if event["name"] == "process_name"]
        self.assertEqual(len(names), 6)
        self.assertTrue(any("over shm" in name and name.endswith("rank 2") for name in names), names)
        # Two transports, three ranks, 2 (n - 1) rounds of one message each.
        self.assertEqual(len(self.slices(events, "send")), 2 * 3 * 4)
        self.assertEqual(len(self.slices(events, "wait")), 2 * 3 * 4)
        arrows = collections.defaultdict(dict)
        for event in events:
            if event["name"] == "message":
                self.assertNotIn(event["ph"], arrows[event["id"]])
                arrows[event["id"]][event["ph"]] = event
        self.assertEqual(len(arrows), 2 * 3 * 4)
        for ends in arrows.values():
            self.assertLessEqual(ends["s"]["ts"], ends["f"]["ts"])
            self.assertNotEqual(ends["s"]["pid"], ends["f"]["pid"])

    def test_lanes_overlap_in_time(self):
        events = self.trace("pipeline", "-t", "model", "--ranks", "2", "--tokens", "32", "--schedule", "1f1b",
                            "--micro-batches", "3", "--forward", "20us", "--backward", "40us", "-n", "5")
        computed = sum(event["dur"] for event in self.slices(events, "compute") if event["pid"] % 2 == 0)
        self.assertAlmostEqual(computed, 3 * 60)
        lanes = {event["args"]["name"] for event in events if event["name"] == "thread_name"}
        self.assertIn("compute", lanes)
        self.assertGreater(len(lanes), 2, "messages have lanes of their own")

    def test_under_mpirun(self):
        if not HAS_MPI:
            return
        events = self.trace("all_reduce", "-t", "mpi", "--oversubscribe", *SMALL, mpi_ranks=2)
        self.assertEqual(len(self.slices(events, "send")), 2 * 2)

    def test_is_drawn(self):
        self.trace("all_reduce", "-t", "model", "--ranks", "4", *SMALL)
        done = subprocess.run([PLOT, "--trace", self.file, "--out", self.folder / "plots"], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(len(list((self.folder / "plots").glob("trace_*.png"))), 1)

    def test_too_many_steps_are_left_out(self):
        events = self.trace("all_to_all", "-t", "model", "--ranks", "1024", "-b", "4M", "-e", "4M", "-n", "1", "-w", "0", "-c", "0",
                            "--algorithm", "pairwise")
        self.assertEqual(self.slices(events, "send"), [])
        row, = points(self.folder / "run")
        self.assertIn("trace=", row["notes"])

    def test_a_refused_run_leaves_the_trace_of_another(self):
        before = self.trace("barrier", "-t", "model", "--ranks", "2", "-n", "1")
        done = weft("run", "barrier", "-t", "model", "--ranks", "2", "-n", "1", "--trace", self.file, "--out", self.folder / "run")
        self.assertEqual(done.returncode, USAGE, "there is a run already")
        self.assertEqual(json.loads(self.file.read_text()), before)

    def test_no_file_of_a_continued_run_is_replaced(self):
        self.trace("barrier", "-t", "model", "--ranks", "2", "-n", "1")
        rows = self.folder / "run" / "points.csv"
        before = rows.read_text()
        done = weft("run", "barrier", "-t", "model", "--ranks", "2", "-n", "1", "--trace", rows, "--resume", self.folder / "run")
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn("give another folder", done.stderr)
        self.assertEqual(rows.read_text(), before)

    def test_no_file_of_a_new_run_is_replaced(self):
        there = self.folder / "there"
        there.mkdir()
        for trace, out in (("there/points.csv", "there"), ("new/trace.json", "new"), ("new/sub/../trace.json", "./new/")):
            done = weft("run", "barrier", "-t", "model", "--ranks", "2", "-n", "1", "--trace", self.folder / trace, "--out", f"{self.folder}/{out}")
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertEqual(done.stderr, f"weft: --trace {self.folder / trace}: is in the folder of --out {self.folder}/{out}, "
                                          "where it might replace a file of the run: give another folder\n")
        self.assertEqual(list(self.folder.rglob("*")), [there], "nothing was made")

    def test_links_that_lead_nowhere(self):
        there = self.folder / "there"
        there.mkdir()
        (self.folder / "rows").symlink_to(there / "points.csv")
        (self.folder / "loop").symlink_to("loop")
        for trace, reason in (("rows", "a symbolic link to nothing"), ("loop", "a symbolic link to nothing"), ("loop/x", "loop/x: cannot be")):
            done = weft("run", "barrier", "-t", "model", "--ranks", "2", "-n", "1", "--trace", self.folder / trace, "--out", there)
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertIn(reason, done.stderr)
        self.assertEqual(list(there.iterdir()), [], "nothing was made")

    def test_bad_input(self):
        for path in (self.folder, self.folder / "absent" / "trace.json"):
            result = weft("run", "all_reduce", "-t", "model", "--ranks", "2", "--trace", path, "--out", self.folder / "run")
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertIn("--trace", result.stderr)
        for trace, out in (("o", "o"), ("o", "./o/"), ("o", "o/run"), ("o/../o", "o")):
            done = weft("run", "barrier", "-t", "model", "--ranks", "2", "--trace", self.folder / trace, "--out", f"{self.folder}/{out}")
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertIn("give the trace another name", done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [], "nothing was made")
        damaged = self.folder / "damaged.json"
        for text in ("[", "[]", "{}", '[{"ph": "X"}]', "[1]"):
            damaged.write_text(text)
            done = subprocess.run([PLOT, "--trace", damaged], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, USAGE, text)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)


if __name__ == "__main__":
    main()
