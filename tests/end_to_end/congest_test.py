"""weft run congest finds the impact that the simulated fabric must have, and says what it cannot know."""

import json

from program import OK, USAGE, ProgramTest, main, points, weft

# Nodes of two ranks: a victim and an aggressor on each. 1 GB/s is a byte a ns, and nothing has a latency.
NODES = "latency=0,bandwidth=1,ranks-per-node=2,node-latency=0,node-bandwidth=1"
SHARED = NODES + ",node-uplink=1"


class Congest(ProgramTest):
    def run_congest(self, fabric, *arguments, samples=6):
        self.out = self.folder / "run"
        return weft("run", "congest", "-t", "model", "--ranks", 4, "--fabric", fabric, "-d", "u8", "-e", 1000,
                    "--aggressor-bytes", 30000, "-n", samples, *arguments, "--out", self.out)

    def impacts(self):
        return {(point["victim"], point["aggressor"]): point["impact_median"]
                for point in json.loads((self.out / "congest.json").read_text())["points"] if point["aggressor"] != "alone"}

    def test_a_shared_uplink_makes_the_victims_wait_for_what_is_known(self):
        done = self.run_congest(SHARED)
        self.assertEqual(done.returncode, OK, done.stderr)
        impacts = self.impacts()
        self.assertEqual(len(impacts), 9)
        # The victims start 100 us after aggressors whose rounds take 30 us: 20 us of the fourth are left.
        self.assertAlmostEqual(impacts["exchange", "all_to_all"], (20_000 + 1000) / 1000, 2)
        # The ping waits for them, and the pong for the whole next round.
        self.assertAlmostEqual(impacts["pingpong", "all_to_all"], (20_000 + 30_000 + 8) / (2 * 8), 0)
        self.assertIn("impact over model on 4 ranks", done.stdout)
        self.assertIn("21.00, p99   n/a", done.stdout)
        self.assertEqual(weft("show", self.out).stdout, done.stdout)

    def test_nothing_shared_is_no_impact(self):
        done = self.run_congest(NODES)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(set(self.impacts().values()), {1.0})

    def test_the_small_all_reduce(self):
        done = self.run_congest(SHARED, samples=400)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertAlmostEqual(self.impacts()["all_reduce", "all_to_all"], (20_000 + 8) / 8, 0)
        self.assertAlmostEqual(self.impacts()["pingpong", "incast"], (20_000 + 2 * 8) / (2 * 8), 0, "one way only")
        details = json.loads((self.out / "congest.json").read_text())["points"]
        self.assertEqual({len(point["victims"]) for point in details}, {2})
        for point in details:
            self.assertEqual(sorted(point["victims"] + point["aggressors"]), [0, 1, 2, 3])
            self.assertEqual({rank // 2 for rank in point["victims"]}, {0, 1}, "one on each node")
            self.assertEqual(point["samples"], 400)
            self.assertEqual(point["lead_us"], 100, "alone too")
            self.assertEqual(point["rounds"] == 0, point["aggressor"] == "alone")
            if point["aggressor"] != "alone":
                self.assertAlmostEqual(point["impact_p99"], point["impact_median"], msg="nothing varies")

    def test_rows_are_the_victims_only(self):
        self.assertEqual(self.run_congest(SHARED).returncode, OK)
        for row in points(self.out):
            self.assertEqual(row["wire_bytes"], row["bytes_per_rank"], "not what the aggressors send")
            self.assertEqual(row["invalid_share"], "0.0" if "." in row["invalid_share"] else "0")

    def test_a_real_factor_needs_a_start_by_the_clock(self):
        self.out = self.folder / "real"
        done = weft("run", "congest", "-t", "shm", "--ranks", 4, "--oversubscribe", "-e", "1K", "-n", 5, "-w", 1, "-c", 0,
                    "--cache", "hot", "--noise-probe", 0, "--out", self.out)
        rows = points(self.out)
        self.assertEqual(len(rows), 12, done.stderr)
        crowded = rows[0]["oversubscribed"] == "true"  # on this machine
        self.assertEqual({row["sync"] for row in rows}, {"barrier" if crowded else "round-time"})
        if crowded:
            self.assertEqual(set(self.impacts().values()), {None})
            self.assertIn("not by the common clock: there are more ranks than cores", done.stdout)

    def test_what_cannot_be_is_a_sentence(self):
        for number, (arguments, words) in enumerate(((("--ranks", 3), "at least 4 ranks"), (("--sync", "none"), "--sync none: the victims"),
                                                     (("--sync", "barrier"), "leave it out, or give round-time"),
                                                     (("--sync", "native"), "--sync native: the victims"),
                                                     (("--arrival", "ramp:1us"), "--arrival"),
                                                     (("--batch", "4"), "--batch 4: congest lets a rank run ahead"), (("--victims", "0%"), "--victims: '0%' is not a share from 0.01% to 100%"),
                                                     (("--victims", "lots"), "--victims: 'lots' is not a share from 0.01% to 100%"),
                                                     (("--aggressor-bytes", "0"), "--aggressor-bytes"),
                                                     (("--in-place",), "--in-place"), (("--algorithm", "native"), "--algorithm"))):
            ranks = () if "--ranks" in arguments else ("--ranks", 4)
            done = weft("run", "congest", "-t", "model", *ranks, *arguments, "--out", self.folder / str(number))
            self.assertEqual(done.returncode, USAGE, arguments)
            said = [line for line in done.stderr.splitlines() if line.startswith("weft: ") and "results in" not in line]
            self.assertEqual(len(said), 1, done.stderr)
            self.assertIn(words, said[0])

    def test_its_flags_mean_nothing_to_other_patterns(self):
        for pattern, flag, value in (("all_reduce", "--victims", "20%"), ("moe", "--aggressor-bytes", "1K"), ("congest", "--goal", "a.goal")):
            done = weft("run", pattern, "-t", "model", "--ranks", 4, flag, value, "--out", self.folder / pattern)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(f"weft: {flag}: has no meaning for {pattern}, it is of the pattern", done.stderr)

    def test_an_uplink_needs_nodes(self):
        done = weft("run", "congest", "-t", "model", "--fabric", "node-uplink=1")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("node-uplink: the fabric has no nodes", done.stderr)

    def test_a_damaged_file_is_a_sentence(self):
        self.assertEqual(self.run_congest(SHARED).returncode, OK)
        (self.out / "congest.json").write_text("{")
        done = weft("run", "congest", "-t", "model", "--ranks", 4, "--fabric", SHARED, "-d", "u8", "-e", 1000,
                    "--aggressor-bytes", 30000, "-n", 6, "--resume", self.out)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("congest.json: is damaged", done.stderr)


if __name__ == "__main__":
    main()
