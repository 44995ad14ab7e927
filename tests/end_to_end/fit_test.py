"""weft fit judges a measured fabric for a training run; the bandwidth that it asks for is the one that does."""

import json
import re

from program import OK, USAGE, ProgramTest, main, weft

UNFIT = 1
MEASURED = ["all_to_all", "all_gather", "reduce_scatter", "send_recv"]
LAYOUT = {
    "model": "qwen3-235b-a22b", "ranks": 32, "ranks_per_node": 4, "tensor": 2, "context": 1, "pipeline": 2,
    "virtual_stages": 1, "expert": 8, "expert_tensor": 1, "schedule": "1f1b", "sequence_length": 4096, "micro_batch": 1,
    "global_batch": 64, "sequence_parallel": True, "full_recompute": False, "dispatcher": "flat",
    "dispatch_format": "bf16", "combine_format": "bf16", "distributed_optimizer": True, "gradient_type": "f32",
    "parameter_type": "bf16", "source": "a test", "assumptions": [],
}


class Fit(ProgramTest):
    def setUp(self):
        super().setUp()
        self.layout = self.folder / "layout.json"
        self.layout.write_text(json.dumps(LAYOUT))

    def measure(self, name, *arguments, fabric, patterns=MEASURED):
        out = self.folder / name
        result = weft("run", *patterns, "-t", "model", "--fabric", fabric, "-n", 1, "-w", 0, "-c", 0, "-f", 4, "-b", "4K",
                      "-e", "256M", "--ranks", 8, *arguments, "--out", out)
        self.assertEqual(result.returncode, OK, result.stderr)
        return out

    def fit(self, *runs, arguments=("--peak", 400), code=OK):
        page = self.folder / "page.json"
        result = weft("fit", "--layout", self.layout, *arguments, "--json", page, *runs)
        self.assertEqual(result.returncode, code, result.stderr)
        return json.loads(page.read_text()), result.stdout

    def test_the_bandwidth_that_it_asks_for_is_the_one_that_does(self):
        page, said = self.fit(self.measure("first", fabric="latency=1us,bandwidth=50"))
        self.assertEqual(page["missing"], [])
        for row in page["rows"]:
            self.assertAlmostEqual(row["bandwidth_GBps"] / 50, 1, 2, row["dimension"])
        self.assertIn(f"binding: {page['rows'][page['binding']]['dimension']} ", said)
        needed = 50 * page["needed_bandwidth_factor"]
        for name, bandwidth, verdict in (("enough", needed * 1.005, "fits"), ("scarce", needed * 0.99, "marginal"),
                                         ("tenth", needed / 10, "does not fit")):
            page, said = self.fit(self.measure(name, fabric=f"latency=1us,bandwidth={bandwidth}"))
            self.assertEqual(page["verdict"], verdict, said)
            self.assertIn(f"\n{verdict}: exposed communication is ", said)
        self.assertAlmostEqual(page["needed_bandwidth_factor"], 10, 1)

    def test_of_one_dimension_too(self):
        page, _ = self.fit(self.measure("first", fabric="latency=1us,bandwidth=50"))
        row = page["rows"][page["binding"]]
        fabric = f"latency=1us,bandwidth={row['needed_GBps']}"
        page, _ = self.fit(self.measure("second", fabric=fabric))
        # The other dimensions are faster now as well, so that the step is shorter and the share a little larger.
        self.assertAlmostEqual(page["rows"][page["binding"]]["exposed_share"], 0.05, 1)

    def test_the_exit_code_is_a_gate_where_it_is_asked_for(self):
        slow = self.measure("slow", fabric="latency=1us,bandwidth=1")
        self.assertEqual(self.fit(slow)[0]["verdict"], "does not fit")
        self.fit(slow, arguments=("--peak", 400, "--gate"), code=UNFIT)
        self.fit(slow, arguments=("--peak", 400, "--gate", "--fits", "99%", "--marginal", "99.9%"))
        fast = self.measure("fast", fabric="latency=0,bandwidth=1e6")
        self.assertEqual(self.fit(fast, arguments=("--peak", 400, "--gate"))[0]["verdict"], "fits")
        unknown = self.measure("some", fabric="latency=0,bandwidth=1e6", patterns=["all_to_all"])
        self.assertEqual(self.fit(unknown, arguments=("--peak", 400, "--gate"), code=UNFIT)[0]["verdict"], "not known")

    def test_an_infinite_fabric_leaves_compute_and_bubble(self):
        page, _ = self.fit(self.measure("free", fabric="latency=0,bandwidth=1e6"))
        self.assertAlmostEqual(page["exposed_share"], 0, 4)
        self.assertAlmostEqual(page["mfu"], page["infinite_fabric_mfu"], 4)
        # 1F1B of 2 stages and 8 micro-batches idles an eighth; stages have equally many layers, the last the head too.
        self.assertAlmostEqual(page["bubble_us"] / page["compute_us"], 1 / 8, 9)
        self.assertEqual(page["stage"], 1)
        self.assertLess(page["mfu"], 0.5 / (1 + 1 / 8))
        self.assertAlmostEqual(page["flop_per_byte_allowed"], 2 * 1536)

    def test_what_is_missing_is_measured_by_the_commands_that_it_names(self):
        fabric = "latency=1us,bandwidth=50,ranks-per-node=4,node-latency=1us,node-bandwidth=200"
        some = self.measure("some", fabric=fabric, patterns=["all_to_all"])
        lenient = ("--peak", 400, "--marginal", "99%")  # or what is known would settle it
        page, said = self.fit(some, arguments=lenient)
        self.assertEqual(page["verdict"], "not known")
        self.assertGreater(len(page["missing"]), 2)
        runs = [some]
        for sentence in page["missing"]:
            self.assertIn(f"missing: {sentence}\n", said)
            command = re.search(r"weft (run .*)$", sentence)[1].split()
            runs.append(self.folder / str(len(runs)))
            # A rank a node where the calls go between nodes.
            level = fabric.replace("per-node=4", "per-node=1") if "between nodes" in sentence else fabric
            result = weft(*command, "--fabric", level, "-n", 1, "-w", 0, "-c", 0, "--out", runs[-1])
            self.assertEqual(result.returncode, OK, result.stderr)
        page, said = self.fit(*runs, arguments=lenient)
        self.assertEqual(page["missing"], [])
        self.assertNotEqual(page["verdict"], "not known")
        bandwidths = {(row["dimension"], row["between_nodes"]): row["bandwidth_GBps"] for row in page["rows"]}
        self.assertAlmostEqual(bandwidths["tp", False] / 200, 1, 2)
        self.assertAlmostEqual(bandwidths["pp", True] / 50, 1, 2)
        self.assertAlmostEqual(bandwidths["edp", True] / 50, 1, 2)
        for call in [call for row in page["rows"] for call in row["calls"] if call["collective"] != "all_to_all"]:
            self.assertFalse(call["extrapolated"], call)
        self.assertNotIn("WHICH WAS MEASURED", said)

    def test_measured_elsewhere_is_said(self):
        near = self.measure("near", fabric="latency=1us,bandwidth=50,ranks-per-node=8,node-latency=1us,node-bandwidth=200")
        self.assertIn("WHICH WAS MEASURED INSIDE A NODE", self.fit(near)[1])
        self.assertIn("at the same bytes on a rank's wire", self.fit(near)[1])

    def test_rules_are_flags(self):
        run = self.measure("run", fabric="latency=1us,bandwidth=50")
        exposed = {row["dimension"]: row["exposed_us"] for row in self.fit(run)[0]["rows"]}
        self.assertGreater(exposed["ep"], 0)
        self.assertEqual(exposed["pp"], 0)
        exposed = {row["dimension"]: row["exposed_us"] for row in self.fit(run, arguments=("--peak", 400, "--hide", "ep"))[0]["rows"]}
        self.assertGreater(exposed["pp"], 0)
        page = self.fit(run, arguments=("--fabric", "h800", "--efficiency", "25%"))[0]
        self.assertEqual((page["peak_tflops"], page["efficiency"]), (989, 0.25))
        half = self.fit(run, arguments=("--peak", 989, "--efficiency", 0.5))[0]
        self.assertAlmostEqual(page["compute_us"] / half["compute_us"], 2, 9)

    def test_markdown(self):
        run = self.measure("run", fabric="latency=1us,bandwidth=50")
        result = weft("fit", "--layout", self.layout, "--peak", 400, "--markdown", "-", run)
        self.assertRegex(result.stdout, r"^### weft fit: ")
        self.assertIn("| ep | between | 8 |", result.stdout)

    def test_published_layouts_are_judged(self):
        run = self.measure("run", fabric="h800,ranks-per-node=1")
        for name in ("deepseek-v3-h800-2048", "deepseek-v4-pro-a3-1024", "pangu-ultra-moe-6k", "mixtral-8x22b-h100-128"):
            result = weft("fit", "--layout", name, "--fabric", "h800", run)
            self.assertEqual(result.returncode, OK, result.stderr)
            self.assertIn("binding: ", result.stdout)

    def test_bad_input_gets_one_sentence(self):
        run = self.measure("run", fabric="latency=1us,bandwidth=50", patterns=["all_gather"])
        empty = self.folder / "empty"
        empty.mkdir()
        only = self.folder / "only"
        weft("run", "pipeline", "-t", "model", "--ranks", 2, "-n", 2, "-c", 0, "--tokens", 8, "--out", only)
        bad_model = self.folder / "bad_model.json"
        bad_model.write_text('{"hidden_size": 64}')
        cut = self.folder / "cut.json"
        cut.write_text(json.dumps(LAYOUT)[:100])
        good = ["--layout", self.layout, "--peak", 400]
        for arguments, words in (
            ([run, "--layout", self.layout], ["--peak", "is needed"]),
            ([run, "--layout", self.layout, "--fabric", "latency=1us"], ["--peak", "is needed"]),
            ([run, "--peak", 400], ["--layout"]),
            (good, ["runs is required"]),
            ([empty, *good], [str(empty)]),
            ([self.folder / "absent", *good], ["absent"]),
            ([only, *good], [str(only), "holds no measured point"]),
            ([run, *good, "--transport", "shm"], ["--transport", "over model, not shm"]),
            ([run, *good, "--model", bad_model], [str(bad_model), "lacks"]),
            ([run, *good, "--model", "mixtral"], ["unknown model 'mixtral'"]),
            ([run, "--layout", cut, "--peak", 400], [str(cut), "ends too soon"]),
            ([run, *good, "--peak", 0], ["--peak"]),
            ([run, *good, "--efficiency", "200%"], ["--efficiency"]),
            ([run, *good, "--fits", "20%"], ["--marginal", "--fits"]),
            ([run, *good, "--hide", "epp"], ["--hide", "unknown dimension 'epp'"]),
            ([run, *good, "--json", self.folder], ["--json", "cannot be written"]),
        ):
            result = weft("fit", *arguments)
            self.assertEqual(result.returncode, USAGE, (arguments, result.stdout))
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            for word in words:
                self.assertIn(word, result.stderr)


if __name__ == "__main__":
    main()
