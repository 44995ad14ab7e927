"""weft show puts runs, campaigns and transports beside each other."""

import csv
import io
import json
import shutil

from program import OK, USAGE, WEFT, ProgramTest, main, weft

LOW, WIDE = "latency=2us,bandwidth=10", "latency=10us,bandwidth=50"


class Show(ProgramTest):
    def run_on(self, name, fabric, *arguments, ranks=2):
        done = weft("run", "all_reduce", "-t", "model", "--ranks", ranks, "--fabric", fabric, "--algorithm",
                    "recursive_doubling", "-b", "1K", "-e", "1M", "-n", 6, *arguments, "--out", self.folder / name)
        self.assertEqual(done.returncode, OK, done.stderr)
        return self.folder / name

    def sides(self, *arguments):
        done = weft("show", *arguments, "--side-by-side", "json")
        self.assertEqual(done.returncode, OK, done.stderr)
        return json.loads(done.stdout)

    def test_two_fabrics_cross_where_their_times_are_equal(self):
        low, wide = self.run_on("low", LOW), self.run_on("wide", WIDE)
        sides = self.sides(low, wide)
        [crossover] = sides["crossovers"]
        # 2 us + m / 10 GB/s = 10 us + m / 50 GB/s; the model's times are whole ns.
        self.assertAlmostEqual(crossover["bytes_per_rank"], 100_000, delta=15)
        self.assertEqual((crossover["faster_below"], crossover["faster_above"]), (0, 1))
        self.assertEqual(crossover["interpolated_between"], [65536, 262144])
        self.assertEqual([difference["key"] for difference in sides["differences"]],
                         ["configuration.fabric.bandwidth_GBps", "configuration.fabric.latency_ns"])
        for point in sides["points"]:
            one, other = (cell["time_us"] for cell in point["cells"])
            self.assertAlmostEqual(point["cells"][1]["ratio"], other / one)
            self.assertEqual([cell["mark"] for cell in point["cells"]], ["best", ""] if one < other else ["", "best"])
        text = weft("show", low, wide).stdout
        self.assertIn("low is overtaken by wide", text)
        self.assertIn("interpolated between 64K and 256K", text)
        table = list(csv.DictReader(io.StringIO(weft("show", low, wide, "--side-by-side", "csv").stdout)))
        self.assertEqual(len(table), len(sides["points"]))
        self.assertEqual(float(table[0]["low time_us"]), sides["points"][0]["cells"][0]["time_us"])
        self.assertIn("| operation | B/rank |", weft("show", low, wide, "--side-by-side", "markdown").stdout)
        best = self.sides(low, wide, "--ratio-to", "best")
        self.assertEqual({min(cell["ratio"] for cell in point["cells"]) for point in best["points"]}, {1.0})

    def test_the_same_fabric_is_a_tie(self):
        sides = self.sides(self.run_on("one", LOW), self.run_on("other", LOW))
        self.assertEqual({cell["mark"] for point in sides["points"] for cell in point["cells"]}, {"tie"})
        self.assertEqual(sides["crossovers"], [])

    def test_campaigns_stand_beside_runs(self):
        campaign = self.folder / "campaign"
        done = weft("repeat", "-n", 2, "--out", campaign, "--", WEFT, "run", "all_reduce", "-t", "model", "--ranks", 2,
                    "--fabric", WIDE, "--algorithm", "recursive_doubling", "-b", "1K", "-e", "1M", "-n", 6, "--noise-probe", 0)
        self.assertEqual(done.returncode, OK, done.stderr)
        sides = self.sides(self.run_on("low", LOW), campaign)
        self.assertEqual([column["launches"] for column in sides["columns"]], [1, 2])

    def test_the_transports_of_a_run(self):
        done = weft("run", "all_reduce", "-t", "model,shm", "--ranks", 2, "--oversubscribe", "--algorithm", "ring", "-b", "1K", "-e",
                    "4K", "-n", 6, "--out", self.folder / "both")
        self.assertEqual(done.returncode, OK, done.stderr)
        shown = weft("show", self.folder / "both")
        self.assertTrue(shown.stdout.startswith(done.stdout), "the table first")
        self.assertIn("times that of the first column", shown.stdout)
        self.assertEqual(weft("show", self.folder / "both", "--format", "table").stdout, done.stdout)

    def test_transports_without_a_time_are_no_failure(self):
        done = weft("run", "all_reduce", "--algorithm", "ring", "-t", "model,shm", "--fabric", "latency=0", "-b", 0, "-e", 0, "--ranks", 2,
                    "--oversubscribe", "-n", 10, "--out", self.folder / "zero")
        self.assertEqual(done.returncode, OK, done.stderr)
        shown = weft("show", self.folder / "zero")
        self.assertEqual((shown.returncode, shown.stdout, shown.stderr), (OK, done.stdout, ""))

    def test_a_campaign_alone_is_its_medians(self):
        campaign = self.folder / "campaign"
        done = weft("repeat", "-n", 2, "--out", campaign, "--", WEFT, "run", "all_reduce", "-t", "model", "--ranks", 2, "-b", "1K",
                    "-e", "4K", "-n", 6, "--noise-probe", 0)
        self.assertEqual(done.returncode, OK, done.stderr)
        shown = weft("show", campaign)
        self.assertEqual(shown.returncode, OK, shown.stderr)
        self.assertIn("campaign over model, 2 launches", shown.stdout)
        self.assertEqual([len(point["cells"]) for point in self.sides(campaign)["points"]], [1, 1])
        refused = weft("show", campaign, "--format", "csv")
        self.assertEqual(refused.returncode, USAGE, refused.stdout)
        self.assertIn("--side-by-side campaigns", refused.stderr)

    def test_a_campaign_of_two_commands_is_two_columns(self):
        campaign = self.folder / "campaign"
        command = [WEFT, "run", "all_reduce", "-t", "model", "--ranks", 2, "-b", "1K", "-e", "1K", "-n", 6, "--noise-probe", 0, "--fabric"]
        done = weft("repeat", "-n", 1, "--out", campaign, "--", *command, LOW, "--vs", *command, WIDE)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual([column["name"] for column in self.sides(campaign)["columns"]], ["base", "new"])

    def empty_copy(self, run, name, **info):
        """The run as it is before its first point."""
        shutil.copytree(run, self.folder / name)
        points = self.folder / name / "points.csv"
        points.write_bytes(points.read_bytes().splitlines(keepends=True)[0])
        known = json.loads((self.folder / name / "run.json").read_text())
        (self.folder / name / "run.json").write_text(json.dumps({**known, **info}))
        return self.folder / name

    def test_a_run_without_points_is_named(self):
        low = self.run_on("low", LOW)
        empty, killed = self.empty_copy(low, "empty"), self.empty_copy(low, "killed", ended=None, exit_code=None)
        self.assertEqual(weft("show", empty).stdout, f"{empty}: holds no point\n")
        shown = weft("show", killed)
        self.assertEqual(shown.returncode, OK, shown.stderr)
        self.assertIn("holds no point: the run was killed before its first", shown.stdout)
        refused = weft("show", low, empty)
        self.assertEqual(refused.returncode, USAGE, refused.stdout)
        self.assertIn(f"{empty}: holds no point", refused.stderr)

    def test_a_killed_run_is_shown_as_far_as_it_is(self):
        low, wide = self.run_on("low", LOW), self.run_on("wide", WIDE)
        info = json.loads((wide / "run.json").read_text())
        info["ended"] = info["exit_code"] = None
        (wide / "run.json").write_text(json.dumps(info))
        self.assertEqual(len(self.sides(low, wide)["columns"]), 2)

    def test_bad_input_is_a_sentence(self):
        low = self.run_on("low", LOW)
        other = self.run_on("other", LOW, ranks=4)
        copy = self.folder / "damaged"
        shutil.copytree(low, copy)
        (copy / "points.csv").write_text("point\r\n")
        link = self.folder / "link"
        link.symlink_to(low)
        for arguments, words in (((low, other), "ranks: 2 | 4"), ((low, low), "given twice"), ((low, f"{low}/"), "given twice"),
                                 ((low, self.folder / "." / "other" / ".." / "low"), "given twice"), ((low, link), "given twice"),
                                 ((low, self.folder / "absent"), "absent"),
                                 ((low, copy), "points.csv"),
                                 ((low, "--side-by-side", "table"), "one transport"),
                                 ((low, other, "--side-by-side", "tabel"), "did you mean 'table'"),
                                 ((low, other, "--ratio-to", "last"), "--ratio-to"),
                                 ((low, other, "--side-by-side", "csv", "--format", "csv"), "give one of them")):
            done = weft("show", *arguments)
            self.assertEqual(done.returncode, USAGE, (arguments, done.stdout))
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    main()
