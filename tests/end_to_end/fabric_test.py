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

    def on_nodes(self, name, *arguments, fabric="h800,ranks-per-node=4"):
        out = self.folder / name
        result = weft("run", *arguments, "-t", "model", "--fabric", fabric, "--ranks", 16, "-n", 3, "--out", out)
        return result, points(out)

    def test_two_levels_beat_one_as_their_bytes_say(self):
        bytes_ = 2**24
        result, rows = self.on_nodes("run", "all_reduce", "-b", bytes_, "-e", bytes_, "-c", 0, "--algorithm", "ring,two_level")
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertIn("inter GB/s", result.stdout)
        figures = {}
        for row in rows:
            between, inside, time = (float(row[name]) for name in
                                     ("wire_bytes_between_nodes", "wire_bytes_inside_node", "time_us_median"))
            figures[row["algorithm"]] = between, inside, time
            self.assertAlmostEqual(float(row["internodebw_GBps"]), between / time / 1e3, 6)
            self.assertAlmostEqual(float(row["intranodebw_GBps"]), inside / time / 1e3, 6)
        # 4 nodes of 4: of the flat ring the ends of nodes send all between them, the others all inside.
        self.assertEqual(figures["ring"][:2], (bytes_ * 30 / 16, bytes_ * 30 / 16))
        self.assertEqual(figures["two_level"][:2], (bytes_ * 6 / 16, bytes_ * 6 / 4))
        predicted = (bytes_ * 30 / 16 / 40e3) / (bytes_ * 6 / 16 / 40e3 + bytes_ * 6 / 4 / 160e3)
        measured = figures["ring"][2] / figures["two_level"][2]
        self.assertAlmostEqual(measured / predicted, 1, delta=0.15)

    def test_two_levels_move_the_right_data(self):
        result, rows = self.on_nodes("run", "all_reduce", "all_gather", "reduce_scatter", "all_to_all", "moe", "-b", "4K", "-e", "4K",
                                     "--tokens", 16, "--algorithm", "two_level")
        self.assertEqual(result.returncode, OK, result.stderr)
        self.assertEqual({(row["algorithm"], row["status"], row["wrong"]) for row in rows}, {("two_level", "ok", "0")})
        self.assertEqual({row["operation"] for row in rows},
                         {"all_reduce", "all_gather", "reduce_scatter", "all_to_all", "dispatch", "combine"})

    def test_two_levels_need_nodes(self):
        cases = {"h800,ranks-per-node=0": "all ranks are on one node", "h800,ranks-per-node=1": "each node has one rank",
                 "h800,ranks-per-node=5": "from 1 to 5"}
        for fabric, words in cases.items():
            result, rows = self.on_nodes(fabric, "all_reduce", "-b", "4K", "-e", "4K", "--algorithm", "two_level", fabric=fabric)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertIn(words, result.stderr)
            self.assertEqual([(row["status"], words in row["reason"]) for row in rows], [("refused", True)])
            result, rows = self.on_nodes(f"all-{fabric}", "all_reduce", "-b", "4K", "-e", "4K", "--algorithm", "all", fabric=fabric)
            self.assertEqual(result.returncode, OK, result.stderr)
            self.assertEqual({row["algorithm"] for row in rows}, {"ring", "recursive_doubling", "rabenseifner"})

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
