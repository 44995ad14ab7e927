"""`weft run training_step`: a shrunk step over real transports and over the model, its report, and what is refused."""

import itertools
import json
import unittest

from program import HAS_MPI, OK, USAGE, ProgramTest, main, weft


class TrainingStep(ProgramTest):
    def setUp(self):
        super().setUp()
        self.runs = (self.folder / f"run{number}" for number in itertools.count())

    def run_step(self, *flags, ranks=4):
        self.out = next(self.runs)
        return weft("run", "training_step", "--ranks", ranks, "--out", self.out, *flags)

    def report(self):
        return json.loads((self.out / "training_step.json").read_text())["points"][0]

    def check_report(self, report, fabric_costs, simulated=False):
        shares = report["computed"] + report["bubble"] + report["exposed"]
        self.assertLess(shares, 1.05)
        if simulated:  # a real rank may lose its core between two steps, which is none of these
            self.assertGreater(shares, 0.95)
        names = [one["dimension"] for one in report["dimensions"]]
        self.assertIn("ep", names)
        self.assertIn("pp", names)
        self.assertLess(report["mfu"], report["infinite_mfu"])
        self.assertGreater(report["infinite_ns"], 0)
        self.assertGreaterEqual(report["infinite_mfu"] - report["mfu"], fabric_costs)

    def test_says_where_the_time_of_a_simulated_step_goes(self):
        done = self.run_step("-t", "model", "-n", 2, "--fabric", "latency=2us,bandwidth=20,overhead=0ns", ranks=8)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("exposed communication", done.stdout)
        self.assertIn("most waited for", done.stdout)
        self.check_report(self.report(), 0.01, simulated=True)

    def test_an_endless_fabric_costs_nothing(self):
        done = self.run_step("-t", "model", "-n", 1, "--fabric", "latency=0ns,bandwidth=1e9,overhead=0ns", ranks=8)
        self.assertEqual(done.returncode, OK, done.stderr)
        report = self.report()
        self.assertLess(report["exposed"], 0.05)  # ranks that got more tokens are waited for
        self.assertAlmostEqual(report["step_ns"] / report["infinite_ns"], 1, delta=0.02)

    def test_runs_for_real_and_checks_its_data(self):
        for flags in (["-t", "shm"], ["-t", "shm", "--compute", "spin", "--progress", "thread"]):
            with self.subTest(flags=flags):
                done = self.run_step(*flags, "--oversubscribe", "-n", 2, "--shrink", 1024)
                self.assertEqual(done.returncode, OK, done.stderr)
                self.check_report(self.report(), 0)

    @unittest.skipUnless(HAS_MPI, "no MPI")
    def test_runs_over_mpi(self):
        done = self.run_step("-t", "mpi", "--oversubscribe", "-n", 2, "--shrink", 1024)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.check_report(self.report(), 0)

    def test_refuses_in_one_sentence(self):
        for flags, sentence in ((["--layout", "deepseek"], "layout"), (["--shrink", "0"], "--shrink"),
                                (["--peak", "-1"], "--peak"), (["--efficiency", "2"], "--efficiency"),
                                (["--progress", "thread"], "virtual compute"), (["--compute", "gpu"], "--compute")):
            with self.subTest(flags=flags):
                done = self.run_step("-t", "model", *flags)
                self.assertEqual(done.returncode, USAGE, done.stdout)
                self.assertIn(sentence, done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)

    def test_says_which_ranks_cannot_be_had(self):
        done = self.run_step("-t", "model", ranks=67)
        self.assertEqual(done.returncode, USAGE, done.stdout)
        self.assertIn("cannot be shrunk to 67 ranks", done.stderr)


if __name__ == "__main__":
    main()
