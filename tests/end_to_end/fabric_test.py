"""--fabric takes published fabrics by name, files, and changes to either; the times are the fabric's."""

import json

from program import OK, USAGE, ProgramTest, main, points, weft

GOOD = {"latency_ns": 1000, "bandwidth_gbps": 10, "source": "a test", "assumptions": []}


class Fabric(ProgramTest):
    def one_way(self, fabric, ranks=2):
        """us of 1 MiB from rank 0 to rank 1, half of there and back; and the run."""
        out = self.folder / "run"
        result = weft("run", "send_recv", "-t", "model", "--fabric", fabric, "--ranks", ranks, "-n", 3, "-b", "1M", "-e",
                      "1M", "--algorithm", "direct", "--out", out)
        self.assertEqual(result.returncode, OK, result.stderr)
        row = [row for row in points(out) if row["operation"] == "pingpong"][0]
        run = json.loads((out / "run.json").read_text())
        for file in out.iterdir():
            file.unlink()
        out.rmdir()
        return float(row["time_us_median"]), run

    def test_times_of_either_level(self):
        near, run = self.one_way("h800")
        self.assertAlmostEqual(near, 3.33 + 2**20 / 160e3, 2)
        self.assertEqual(run["configuration"]["fabric"]["node_bandwidth_GBps"], 160)
        far, run = self.one_way("h800,ranks-per-node=1")
        self.assertAlmostEqual(far, 3.7 + 2**20 / 40e3, 2)
        self.assertEqual([place["host"].split(":")[-1] for place in run["topology"]], ["node0", "node1"])
        flat, run = self.one_way("h800,ranks-per-node=0,latency=3us")
        self.assertAlmostEqual(flat, 3 + 2**20 / 40e3, 2)
        self.assertNotIn("ranks_per_node", run["configuration"]["fabric"])

    def test_a_file_is_a_fabric(self):
        path = self.folder / "mine.json"
        path.write_text(json.dumps(GOOD))
        self.assertAlmostEqual(self.one_way(path)[0], 1 + 2**20 / 10e3, 2)
        self.assertAlmostEqual(self.one_way(f"{path},bandwidth=20")[0], 1 + 2**20 / 20e3, 2)

    def test_published_fabrics_are_listed(self):
        listing = weft("list").stdout.split("Fabrics")[1]
        for name in ("ascend-a3", "h100", "h800"):
            self.assertIn(f"  {name}\n", listing)

    def test_bad_input_gets_one_sentence(self):
        cut, absent, unlike = self.folder / "cut.json", self.folder / "absent.json", self.folder / "unlike.json"
        cut.write_text(json.dumps(GOOD)[:20])
        unlike.write_text(json.dumps({**GOOD, "bandwidth_gbps": -1}))
        cases = {
            "h80": ["unknown fabric 'h80'", "did you mean 'h800'", "KEY=VALUE"],
            "h800,h100": ["'h100' is not KEY=VALUE"],
            "latency=2us,h800": ["'h800' is not KEY=VALUE"],
            "h800,node-latency=2": ["node-latency", "no unit"],
            "h800,ranks-per-node=x": ["ranks-per-node", "'x' is no number of ranks"],
            "h800,ranks-per-node=-1": ["ranks-per-node", "from 0"],
            "h800,node-bandwidth=0": ["node-bandwidth", "0.001"],
            "ranks-per-node=8": ["node-bandwidth", "0.001"],
            "node-bandwidth=8": ["node-bandwidth", "ranks-per-node"],
            str(cut): [str(cut), "ends too soon"],
            str(absent): [str(absent), "cannot be read"],
            str(unlike): [str(unlike), '"bandwidth_gbps" is -1'],
        }
        for text, words in cases.items():
            result = weft("run", "all_reduce", "-t", "model", "--ranks", 2, "--fabric", text, "--out", self.folder / "run")
            self.assertEqual(result.returncode, USAGE, text)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            for word in ["--fabric", *words]:
                self.assertIn(word, result.stderr)


if __name__ == "__main__":
    main()
