"""weft tune finds what is fastest on a simulated fabric, and weft run --selection runs it."""

import json

from program import OK, USAGE, ProgramTest, main, points, weft


class Tune(ProgramTest):
    def measured(self):
        run = self.folder / "measured"
        done = weft("run", "all_reduce", "-t", "model", "--ranks", 8, "-b", 8, "-e", "8M", "-f", 32, "-n", 5, "--algorithm", "all",
                    "--out", run)
        self.assertEqual(done.returncode, OK, done.stderr)
        return run

    def test_the_selection_is_run(self):
        run, file, tuned = self.measured(), self.folder / "selection.json", self.folder / "tuned"
        done = weft("tune", run, "--out", file)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("all_reduce over model, 8 ranks on 1 host", done.stdout)
        for line in done.stdout.splitlines()[2:-1]:
            self.assertRegex(line, r" (1\.\d\d|[2-9]\.\d\d)x auto: [a-z_]+ +[a-z_]+( \*)?$")
        self.assertIn("\nauto: what weft runs by itself", done.stdout)
        rules = json.loads(file.read_text())["selections"][0]["rules"]
        self.assertEqual(rules[0]["algorithm"], "recursive_doubling", "latency counts")
        self.assertGreater(len(rules), 1, "and bandwidth for large messages")
        done = weft("run", "all_reduce", "-t", "model", "--ranks", 8, "-b", 8, "-e", "8M", "-f", 32, "-n", 5, "--selection", file,
                    "--algorithm", "auto", "--out", tuned)
        self.assertEqual(done.returncode, OK, done.stderr)
        best = {}
        for row in points(run):
            if row["status"] == "ok":
                best[row["bytes_per_rank"]] = min(best.get(row["bytes_per_rank"], 1e9), float(row["time_us_median"]))
        rows = points(tuned)
        self.assertEqual(len(rows), len(best))
        for row in rows:
            self.assertAlmostEqual(float(row["time_us_median"]), best[row["bytes_per_rank"]], delta=0.01 * best[row["bytes_per_rank"]])
        self.assertEqual({row["algorithm"] for row in rows}, {rule["algorithm"] for rule in rules})

    def test_bad_files_are_a_sentence(self):
        good = {"selections": [{"operation": "all_reduce", "transport": "model", "ranks": 8, "hosts": 1,
                                "rules": [{"from_bytes": 8, "algorithm": "ring"}]}]}
        file = self.folder / "selection.json"

        def said_of(change):
            broken = json.loads(json.dumps(good))
            change(broken["selections"][0])
            file.write_text(json.dumps(broken))
            done = weft("run", "all_reduce", "-t", "model", "--ranks", 8, "--selection", file, "--out", self.folder / "none")
            self.assertEqual(done.returncode, USAGE, done.stdout)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            return done.stderr

        self.assertIn("did you mean 'ring'?", said_of(lambda s: s["rules"][0].update(algorithm="rign")))
        self.assertIn("did you mean 'all_reduce'?", said_of(lambda s: s.update(operation="all_redcue")))
        self.assertIn("do not ascend", said_of(lambda s: s["rules"].append(s["rules"][0])))
        self.assertIn("no rule", said_of(lambda s: s.update(rules=[])))
        self.assertIn("what weft tune writes", said_of(lambda s: s.pop("transport")))
        self.assertIn("ranks", said_of(lambda s: s.update(ranks=0)))
        done = weft("tune", self.folder)
        self.assertEqual(done.returncode, USAGE)

    def test_what_leaves_no_choice(self):
        run = self.folder / "one"
        self.assertEqual(weft("run", "all_reduce", "-t", "model", "--ranks", 4, "-n", 5, "-e", "1K", "--out", run).returncode, OK)
        done = weft("tune", run)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("--algorithm all", done.stderr)
        several = self.folder / "several"
        self.assertEqual(weft("run", "pairs", "send_recv", "bisection", "-t", "model", "--ranks", 4, "-n", 5, "-e", 64, "--out", several)
                         .returncode, OK)
        done = weft("tune", several)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("there is no operation with two algorithms", done.stderr)


if __name__ == "__main__":
    main()
