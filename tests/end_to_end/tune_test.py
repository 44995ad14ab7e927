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
        lines = [line for line in done.stdout.splitlines() if "x auto: " in line]
        self.assertGreater(len(lines), 1)
        for line in lines:
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
            return said_of_all(broken)

        def said_of_all(broken):
            file.write_text(json.dumps(broken))
            done = weft("run", "all_reduce", "-t", "model", "--ranks", 8, "--selection", file, "--out", self.folder / "none")
            self.assertEqual(done.returncode, USAGE, done.stdout)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(str(file), done.stderr)
            self.assertNotIn("json.exception", done.stderr)
            return done.stderr

        self.assertIn('lacks "selections"', said_of_all({}))
        self.assertIn('"selections" is []: a list that is not empty', said_of_all({"selections": []}))
        self.assertIn('"selections" is {}: a list that is not empty', said_of_all({"selections": {}}))
        self.assertIn("unknown member 'schema'", said_of_all({**good, "schema": 1}))
        self.assertIn("comes twice", said_of_all({"selections": 2 * good["selections"]}))

        self.assertIn("did you mean 'ring'?", said_of(lambda s: s["rules"][0].update(algorithm="rign")))
        self.assertIn("did you mean 'all_reduce'?", said_of(lambda s: s.update(operation="all_redcue")))
        self.assertIn("do not ascend", said_of(lambda s: s["rules"].append(s["rules"][0])))
        self.assertIn('selections[0]: "rules" is []: a list that is not empty', said_of(lambda s: s.update(rules=[])))
        self.assertIn('selections[0]: lacks "hosts"', said_of(lambda s: s.pop("hosts")))
        self.assertIn('selections[0]: rules[0]: lacks "algorithm"', said_of(lambda s: s["rules"][0].pop("algorithm")))
        self.assertIn('"transport" is 5: a name', said_of(lambda s: s.update(transport=5)))
        self.assertIn("unknown member 'extra'", said_of(lambda s: s.update(extra=1)))
        self.assertIn("unknown member 'form_bytes': did you mean 'from_bytes'?", said_of(lambda s: s["rules"][0].update(form_bytes=1)))
        self.assertIn("rules[1]: is 7: an object", said_of(lambda s: s["rules"].append(7)))
        self.assertIn("ranks", said_of(lambda s: s.update(ranks=0)))
        done = weft("tune", self.folder)
        self.assertEqual(done.returncode, USAGE)

    def run_with(self, algorithm, ranks=8):
        file, run = self.folder / "selection.json", self.folder / f"{algorithm}-{ranks}"
        file.write_text(json.dumps({"selections": [{"operation": "all_reduce", "transport": "model", "ranks": 8, "hosts": 1,
                                                    "rules": [{"from_bytes": 8, "algorithm": algorithm}]}]}))
        return weft("run", "all_reduce", "-t", "model", "--ranks", ranks, "-e", 64, "-n", 5, "--selection", file, "--out", run), run

    def test_what_cannot_be_run_is_refused(self):
        for algorithm, why in (("native", "the transport has no all_reduce of its own"), ("two_level", "all ranks are on one node")):
            done, run = self.run_with(algorithm)
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertIn(f"nothing was measured: --selection says {algorithm} here: {why}", done.stderr)
            self.assertEqual({(row["algorithm"], row["status"]) for row in points(run)}, {(algorithm, "refused")})

    def test_a_selection_for_other_places_is_a_note(self):
        note = "weft: note: --selection serves no point over model, 6 ranks on 1 host: they are run as without it\n"
        done, _ = self.run_with("ring", ranks=6)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(done.stderr.count(note), 1, done.stderr)
        self.assertNotIn("weft: note", self.run_with("ring")[0].stderr)

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
