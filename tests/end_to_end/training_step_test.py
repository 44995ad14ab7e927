"""`weft run training_step`: a shrunk step over real transports and over the model, its report, and what is refused."""

import itertools
import json
import pathlib
import unittest

from program import HAS_MPI, OK, USAGE, ProgramTest, main, points, weft

LAYOUTS = pathlib.Path(__file__).resolve().parents[2] / "models" / "layouts"


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
        self.assertLess(shares, 1.01)
        if simulated:  # a real rank may lose its core between two steps, which is none of these
            self.assertAlmostEqual(shares, 1, delta=0.01)
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

    def small_layout(self, **members):
        """A layout of 4 ranks, on 2 nodes."""
        layout = self.folder / "layout.json"
        published = json.loads((LAYOUTS / "mixtral-8x22b-h100-128.json").read_text())
        layout.write_text(json.dumps({**published, "ranks": 4, "ranks_per_node": 2, "tensor": 1, "pipeline": 2,
                                      "virtual_stages": 1, "schedule": "1f1b", "expert": 2, "expert_tensor": 1,
                                      "sequence_length": 16, "global_batch": 8, "sequence_parallel": False, **members}))
        return layout

    def recording(self, tokens, ranks):
        trace = self.folder / f"{tokens}x{ranks}.jsonl"
        records = ({"step": 0, "layer": 0, "rank": rank, "num_tokens": tokens, "topk": 2,
                    "top_indices": [[0, 1 + token % 7] for token in range(tokens)]} for rank in range(ranks))
        trace.write_text("".join(json.dumps(record) + "\n" for record in records))
        return trace

    def test_replays_only_what_is_of_its_tokens(self):
        layout = self.small_layout()
        for tokens, code in ((16, OK), (20, USAGE)):
            done = self.run_step("-t", "model", "-n", 1, "--layout", layout,
                                 "--router", f"replay:{self.recording(tokens, 2)}")
            self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn("routing 0 has 20 tokens of rank 0, and here 2 ranks share the experts 0 to 7 and have 16 tokens "
                      "each", done.stderr)
        self.assertNotIn("shrunk", done.stderr)

    def test_says_what_of_a_recording_does_not_fit_a_shrunk_step(self):
        layout = self.small_layout()
        for ranks, flags, sentence in (
                (2, ["--shrink", 2], "routing 0 has 16 tokens of rank 0, and here 2 ranks share the experts 0 to 7 and "
                 "have 8 tokens each, since this step is shrunk (sequence length 16 -> 8)"),
                (1, [], "routing 0 has a token for expert 4, and here 1 ranks share the experts 0 to 3 ")):
            done = self.run_step("-t", "model", "-n", 1, "--layout", layout,
                                 "--router", f"replay:{self.recording(16, 2)}", *flags, ranks=2 * ranks)
            self.assertEqual(done.returncode, USAGE, done.stdout)
            self.assertIn(sentence, done.stderr)
            self.assertIn("replay one of this size, or give --ranks 4 and no --shrink", done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)

    def test_refuses_a_batch_that_no_rank_could_run(self):
        done = self.run_step("-t", "model", "-n", 1, "--layout", self.small_layout(global_batch=1 << 30))
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn("layout.json: \"global_batch\" gives a pipeline 536870912 micro-batches here", done.stderr)
        self.assertIn("make it 57344 times smaller", done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)

    def test_says_where_the_fabrics_nodes_are_not_the_layouts(self):
        layout = self.small_layout()
        nodes = "node-latency=1us,node-bandwidth=200,ranks-per-node"
        for fabric, sentence in (
                (f"{nodes}=2", None),
                (f"{nodes}=4", "2 ranks on a node and the simulated fabric 4: traffic between the layout's nodes stays"),
                (f"{nodes}=1", "2 ranks on a node and the simulated fabric 1: traffic inside the layout's nodes crosses"),
                (f"{nodes}=3", "2 ranks on a node and the simulated fabric 3: some traffic inside the layout's nodes "
                 "crosses the fabric's, and some between them stays inside"),
                ("bandwidth=50", "2 ranks on a node and the simulated fabric no nodes: traffic inside")):
            with self.subTest(fabric=fabric):
                done = self.run_step("-t", "model", "-n", 1, "--layout", layout, "--fabric", fabric)
                self.assertEqual(done.returncode, OK, done.stderr)
                notes = points(self.out)[0]["notes"]
                if sentence is None:
                    self.assertNotIn("NOTE", done.stdout)
                    self.assertNotIn("nodes=", notes)
                    self.assertNotIn("nodes", self.report())
                else:
                    self.assertIn(f"NOTE: the layout has {sentence}", done.stdout)
                    self.assertIn("ranks-per-node 2 of --fabric would agree", self.report()["nodes"])
                    self.assertIn(f"nodes=the layout has {sentence}", notes)

    def test_a_rows_bytes_are_those_of_the_busiest_of_all_ranks(self):
        # Rank 1 of each group is hot, and no other.
        done = self.run_step("-t", "model", "-n", 1, "-w", 0, "-c", 0, "--router", "one-hot:3", "--routings", 1, "--seed", 1,
                             "--layout", self.small_layout(ranks=128, ranks_per_node=8, expert=8, global_batch=128),
                             ranks=128)
        self.assertEqual(done.returncode, OK, done.stderr)
        row = points(self.out)[0]
        self.assertGreater(int(row["bytes_per_rank"]), 0)
        self.assertEqual(row["bytes_per_rank"], row["wire_bytes"])

    def test_refuses_flags_that_the_layout_answers(self):
        for flag, value, source in (("--tokens", 64, "sequence_length"), ("--schedule", "1f1b", "\"schedule\""),
                                    ("--micro-batches", 8, "global_batch"), ("--dispatcher", "flat", "\"dispatcher\""),
                                    ("--forward", "1ms", "--efficiency"), ("--placement", "eplb:2", "\"expert\"")):
            with self.subTest(flag=flag):
                done = self.run_step("-t", "model", flag, value)
                self.assertEqual(done.returncode, USAGE, done.stdout)
                self.assertIn(f"{flag}: has no meaning for training_step", done.stderr)
                self.assertIn(source, done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        config = self.folder / "weft.toml"
        config.write_text("tokens = 64\n")
        self.assertEqual(self.run_step("-t", "model", "--config", config).returncode, USAGE)
        done = weft("export", "goal", "training_step", "--ranks", 2, "--out", self.folder / "goal", "--tokens", 64)
        self.assertEqual(done.returncode, USAGE, done.stdout)

    def test_takes_of_a_fabric_the_peak_alone_where_none_is_simulated(self):
        for flags, why in ((["--fabric", "latency=2us"], "which this one does not have"),
                           (["--fabric", "h800", "--peak", 100], "which --peak gives")):
            with self.subTest(flags=flags):
                done = self.run_step("-t", "shm", *flags, ranks=2)
                self.assertEqual(done.returncode, USAGE, done.stdout)
                self.assertEqual(done.stderr.strip(), "weft: --fabric: over shm training_step takes nothing of a fabric but "
                                 f'"peak_tflops", {why}')
                self.assertFalse(self.out.exists())
        done = self.run_step("-t", "shm", "--fabric", "h800", "-n", 1, "-w", 0, "--shrink", 4096, ranks=2)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("peak_tflops=989", points(self.out)[0]["notes"])

    def test_says_which_ranks_cannot_be_had(self):
        done = self.run_step("-t", "model", ranks=67)
        self.assertEqual(done.returncode, USAGE, done.stdout)
        self.assertIn("cannot be shrunk to 67 ranks", done.stderr)


if __name__ == "__main__":
    main()
