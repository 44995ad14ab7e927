"""weft check finds the known latency and bandwidth of the model, and gives its verdict as an exit code."""

import json
import pathlib

from program import OK, USAGE, ProgramTest, main, weft

VIOLATED = 1


class Check(ProgramTest):
    def checked(self, *arguments):
        run, found = self.folder / "run", self.folder / "run" / "fits.json"
        result = weft("run", *arguments, "-t", "model", "--fabric", "latency=2us,bandwidth=50", "--ranks", 2, "-n", 3,
                      "-b", "1K", "-e", "64M", "--out", run)
        self.assertEqual(result.returncode, OK, result.stderr)
        result = weft("check", run, "--json", found)
        self.assertEqual(result.returncode, OK, result.stderr)
        return json.loads(found.read_text()), result.stdout

    def test_finds_the_models_latency_and_bandwidth(self):
        found, said = self.checked("send_recv", "all_reduce", "--algorithm", "direct,recursive_doubling,ring")
        # Two ranks: one message of all there is; a ring has two rounds of half of it.
        for operation, algorithm, latency in (("pingpong", "direct", 2), ("all_reduce", "recursive_doubling", 2),
                                              ("all_reduce", "ring", 4)):
            fit = [f for f in found["fits"] if (f["operation"], f["algorithm"]) == (operation, algorithm)][0]
            self.assertAlmostEqual(fit["hockney"]["latency_us"], latency, delta=0.02 * latency)
            self.assertAlmostEqual(fit["hockney"]["bandwidth_GBps"], 50, delta=1)
            self.assertEqual(fit["breaks_bytes"], [])
        self.assertAlmostEqual(found["loggp"][0]["L_plus_2o_us"], 2, delta=0.04)
        self.assertAlmostEqual(found["loggp"][0]["G_ns_per_byte"], 0.02, delta=0.0004)
        self.assertEqual(found["violations"], [])
        self.assertIn("no guideline is violated", said)

    def test_round_trips_tell_latency_and_overhead_apart(self):
        for number, flags in enumerate((("-e", "1M"), ("-e", "64K", "--sync", "none"), ("-e", "64K", "--sync", "barrier"))):
            with self.subTest(flags):
                self.check_loggp(self.folder / f"run{number}", *flags)

    def check_loggp(self, run, *flags):
        found = run / "fits.json"
        result = weft("run", "loggp", "-t", "model", "--fabric", "latency=2us,overhead=400ns,bandwidth=50", "--ranks", 3, "-n", 3,
                      "-b", 1, *flags, "--out", run)
        self.assertEqual(result.returncode, OK, result.stderr)
        said = weft("check", run).stdout
        self.assertIn("LogGP of model (3 ranks, u8): L = ", said)
        self.assertEqual(weft("check", run, "--json", found).returncode, OK)
        [parameters] = json.loads(found.read_text())["loggp"]
        # A message takes o + latency; its receive is posted while it flies.
        self.assertAlmostEqual(parameters["L_plus_2o_us"], 2.4, delta=0.048)
        self.assertAlmostEqual(parameters["o"]["us"], 0.4, delta=0.008)
        self.assertAlmostEqual(parameters["L_us"], 1.6, delta=0.032)
        self.assertAlmostEqual(parameters["g_us"], 0.4, delta=0.008)
        self.assertAlmostEqual(parameters["G_ns_per_byte"], 0.02, delta=0.0004)

    def test_strict_gives_the_verdict(self):
        log = self.folder / "osu.log"
        rows = "1024  10.0\n2048  10.5\n4096  30.0\n8192  12.0\n"
        log.write_text("# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n" + rows)
        run = self.folder / "imported"
        self.assertEqual(weft("import", "osu", log, "--ranks", 4, "--out", run).returncode, OK)
        result = weft("check", run)
        self.assertEqual(result.returncode, OK)
        self.assertIn("monotony *: all_reduce, native over mpi, 4 ranks of 4K takes 30 us, 2.5 x", result.stdout)
        self.assertEqual(weft("check", run, "--strict").returncode, OK, "one log may be noise")
        for launch in range(1, 9):
            scaled = [f"{size}  {float(time) * (1 + launch / 1000):.3f}" for size, time in (line.split() for line in rows.splitlines())]
            log.write_text("# OSU MPI Allreduce Latency Test v7.4\n# Size       Avg Latency(us)\n" + "\n".join(scaled) + "\n")
            weft("import", "osu", log, "--ranks", 4, "--out", self.folder / f"launches/{launch:03}")
        self.assertEqual(weft("check", self.folder / "launches", "--strict").returncode, VIOLATED)

    def test_nothing_compared_is_said(self):
        run = self.folder / "one"
        weft("run", "all_reduce", "-t", "model", "--ranks", 2, "-n", 3, "-b", "1K", "-e", "1K", "--out", run)
        result = weft("check", run)
        self.assertIn("nothing was compared", result.stdout)
        self.assertNotIn("no guideline is violated", result.stdout)

    def test_a_dash_is_standard_output(self):
        found, said = self.checked("all_reduce", "--algorithm", "ring")
        self.assertRegex(said, r"no guideline is violated by more than 5 % in \d+ comparisons")
        result = weft("check", self.folder / "run", "--json", "-")
        self.assertEqual(json.loads(result.stdout), found)
        self.assertGreater(found["compared"], 0)
        self.assertEqual(found["schema"], 1)
        self.assertFalse(pathlib.Path("-").exists())

    def test_bad_input_gets_one_sentence(self):
        run = self.folder / "run"
        weft("run", "all_reduce", "-t", "model", "--ranks", 2, "-n", 3, "--out", self.folder / "good")
        for arguments, word in (([run], "run"), ([], "run is required"),
                                ([self.folder / "good", "--json", self.folder], f"--json {self.folder}: cannot be written (Is a")):
            result = weft("check", *arguments)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertIn(word, result.stderr)


if __name__ == "__main__":
    main()
