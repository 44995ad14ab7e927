"""weft import makes run folders of other benchmarks' logs, which show and plot.py read."""

import pathlib
import subprocess
import sys

from program import OK, USAGE, ProgramTest, main, points, weft

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LOGS = SOURCE / "tests/unit/imports/logs"


class Import(ProgramTest):
    def imported(self, *arguments):
        out = self.folder / "out"
        result = weft("import", *arguments, "--out", out)
        self.assertEqual(result.returncode, OK, result.stderr)
        return out, result

    def test_a_log_can_be_shown_and_drawn(self):
        out, result = self.imported("auto", LOGS / "imb.log")
        self.assertIn("Intel MPI Benchmarks 2021.11", result.stdout)
        shown = weft("show", out)
        self.assertEqual(shown.returncode, OK, shown.stderr)
        self.assertIn("mean us", shown.stdout)
        self.assertNotIn("nan", shown.stdout)
        for form in ("nccl", "osu", "imb", "json", "csv"):
            shown = weft("show", out, "--format", form)
            self.assertEqual(shown.returncode, OK, form)
            self.assertNotIn("nan", shown.stdout)
            if form == "imb":  # PingPong's own table has one time
                self.assertRegex(shown.stdout, r"#bytes #repetitions +t\[usec\] +Mbytes/sec\n +0 +20 +0.17 +0.00\n +4 +20 +0.19 +21.05\n")
        drawn = subprocess.run([sys.executable, "-B", SOURCE / "scripts/plot.py", out], capture_output=True, text=True,
                               check=False)
        self.assertEqual(drawn.returncode, 0, drawn.stderr)
        self.assertIn("of imported logs the mean", (out / "plots/all_reduce.svg").read_text())

    def test_a_log_of_means_says_so_wherever_it_goes(self):
        out, _ = self.imported("nccl", LOGS / "nccl_all_reduce.log")
        self.assertEqual(weft("show", out).stdout.count("mean us"), 2)  # out of place, and in place
        table = weft("show", out, "--format", "nccl").stdout
        self.assertIn("times are means", table)
        log = self.folder / "again.log"
        log.write_text(table)
        result = weft("import", "auto", log, "--out", self.folder / "again")
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual([row["time_us_median"] for row in points(self.folder / "again")], [""] * 6)
        self.assertEqual([row["time_us_mean_of_ranks"] for row in points(self.folder / "again")][:2], ["21.5", "20.25"])

    def test_several_logs_are_launches_or_parts_of_one(self):
        logs = [LOGS / "osu_allreduce.log", LOGS / "osu_barrier.log"]
        out, _ = self.imported("osu", *logs, "--ranks", 2)
        self.assertEqual([len(points(out / launch)) for launch in ("001", "002")], [3, 1])
        result = weft("import", "osu", *logs, "--ranks", 2, "--merge", "--out", self.folder / "one")
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual(len(points(self.folder / "one")), 4)

    def test_sets_without_samples_are_compared_with_one_note(self):
        logs = [self.folder / f"{number}.log" for number in range(4)]
        for number, log in enumerate(logs):
            log.write_text(f"# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n8   1.5{number}\n")
        for name, some in (("base", logs[:2]), ("new", logs[2:])):
            result = weft("import", "osu", *some, "--ranks", 2, "--out", self.folder / name)
            self.assertEqual(result.returncode, OK, result.stderr)
        text = weft("compare", self.folder / "base", self.folder / "new", "--metric", "mean_of_ranks").stdout
        self.assertEqual(text.count("samples"), 1, text)
        self.assertIn("4 launches have no samples", text)

    def test_rows_that_nobody_can_have_measured_are_refused_by_their_line(self):
        log = self.folder / "bad.log"
        log.write_text("# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n8   1.0\n18446744073709551615  1.0\n")
        result = weft("import", "auto", log, "--ranks", 2, "--out", self.folder / "out")
        self.assertEqual((result.returncode, len(result.stderr.splitlines())), (USAGE, 1), result.stderr)
        self.assertIn("bad.log, line 4: a size of 18446744073709551615 B", result.stderr)

    def test_a_table_of_weft_comes_back(self):
        run = self.folder / "run"
        result = weft("run", "all_to_all", "-t", "model", "-n", 3, "-b", "1K", "-e", "4K", "--ranks", 4, "--format", "imb",
                      "--out", run)
        self.assertEqual(result.returncode, OK, result.stderr)
        log = self.folder / "weft.log"
        log.write_text(result.stdout)
        out, _ = self.imported("auto", log)
        key = ("operation", "algorithm", "transport", "ranks", "dtype", "bytes_per_rank", "bytes_per_peer")
        rows = {tuple(row[name] for name in key): row for row in points(run) if row["status"] == "ok"}
        back = points(out)
        self.assertEqual(len(back), len(rows))
        for row in back:
            was = rows[tuple(row[name] for name in key)]
            self.assertAlmostEqual(float(row["time_us_mean_of_ranks"]), float(was["time_us_mean_of_ranks"]), delta=0.006)

    def test_bad_logs_get_one_sentence_and_leave_nothing(self):
        bad = self.folder / "bad.log"
        bad.write_text("# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n8   1.0\n16   1.")
        for logs, words in (([bad], ("bad.log, line 4", "cut")), ([LOGS / "imb.log", bad], ("bad.log, line 4",)),
                            (["/dev/zero"], ("/dev/zero, line 1", "byte 0")), ([self.folder], ("folder",)),
                            ([LOGS / "osu_barrier.log"], ("--ranks",))):
            ranks = [] if "--ranks" in words else ["--ranks", 2]
            result = weft("import", "auto", *logs, *ranks, "--out", self.folder / "out")
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            for word in words:
                self.assertIn(word, result.stderr)
            self.assertFalse((self.folder / "out").exists())
        result = weft("import", "ocu", bad, "--out", self.folder / "out")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("did you mean 'osu'", result.stderr)


if __name__ == "__main__":
    main()
