"""weft run pairs names what is slow, and says where it cannot know."""

import json
import os

from program import OK, USAGE, ProgramTest, main, weft


class Pairs(ProgramTest):
    def run_pairs(self, *arguments):
        self.out = self.folder / "run"
        return weft("run", "pairs", "-t", "model", "--ranks", 4, "-b", 8, "-e", "64K", *arguments, "--out", self.out)

    def points(self):
        return json.loads((self.out / "pairs.json").read_text())["points"]

    def test_every_pair_is_there_and_nothing_is_slow(self):
        done = self.run_pairs("-n", 10)
        self.assertEqual(done.returncode, OK, done.stderr)
        for point in self.points():
            self.assertEqual({(a, b) for a, b, *_ in point["pairs"]}, {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)})
            self.assertEqual({samples for *_, samples in point["pairs"]}, {10})
        self.assertNotIn("slow: ", done.stdout)
        self.assertEqual(weft("show", self.out).stdout, done.stdout)

    def test_nodes_are_the_links_ends(self):
        done = self.run_pairs("-n", 10, "--fabric", "ranks-per-node=2,node-latency=1us,node-bandwidth=160")
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("between hosts: 1 link", done.stdout)
        self.assertEqual(done.stdout.count("inside"), 4)

    def test_a_late_rank_is_named_where_there_are_samples_enough(self):
        done = self.run_pairs("-n", 30, "--fabric", "late=3:50us")
        self.assertIn("slow: most links of rank 3", done.stdout, done.stderr)

    def test_few_samples_are_said(self):
        done = self.run_pairs("-n", 4, "--fabric", "late=3:50us")
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertNotIn("slow: ", done.stdout)
        self.assertIn("too few samples", done.stdout)
        self.assertIsNone(self.points()[0]["pairs"][0][3])

    def test_a_simulated_link_may_take_no_time(self):
        done = self.run_pairs("-n", 6, "--fabric", "latency=0")
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("6 links, 0 us the first quarter", done.stdout)
        self.assertNotIn("too few samples", done.stdout)

    def test_without_a_common_start_there_is_no_time_of_a_pair(self):
        done = self.run_pairs("-n", 10, "--sync", "none")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("--sync none", done.stderr)

    def test_what_a_round_cannot_have_is_a_sentence(self):
        for flags in (("--batch", 4), ("--trace", self.folder / "trace.json")):
            self.folder = self.folder / flags[0].strip("-")
            done = self.run_pairs("-n", 10, *flags)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(flags[0], done.stderr)
            self.assertIn("round", done.stderr)

    def test_what_is_damaged_is_a_sentence(self):
        self.assertEqual(self.run_pairs("-n", 6).returncode, OK)
        file = self.out / "pairs.json"
        whole = file.read_text()
        for wrong in (whole[:-30], whole.replace("[0,1,", "[0,7,"), whole.replace("[0,1,", "[1,0,"), "{}"):
            file.write_text(wrong)
            done = weft("show", self.out)
            self.assertEqual(done.returncode, USAGE, wrong[:60])
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn("pairs.json", done.stderr)
            self.assertNotIn("json.exception", done.stderr)
        file.write_text(whole[:-30])
        lines = (self.out / "points.csv").read_text().splitlines(keepends=True)
        (self.out / "points.csv").write_text("".join(lines[:2]))
        done = weft("run", "pairs", "-t", "model", "--ranks", 4, "-b", 8, "-e", "64K", "-n", 6, "--resume", self.out)
        self.assertEqual(done.returncode, USAGE, "before anything is measured")
        self.assertIn("pairs.json: is damaged", done.stderr)

    def test_an_absurd_number_of_processes_is_a_sentence(self):
        os.environ.update(RANK="0", WORLD_SIZE="2000000000", MASTER_ADDR="localhost", MASTER_PORT="29811")
        self.addCleanup(lambda: [os.environ.pop(name) for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")])
        done = weft("run", "pairs", timeout=20)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("WORLD_SIZE", done.stderr)


if __name__ == "__main__":
    main()
