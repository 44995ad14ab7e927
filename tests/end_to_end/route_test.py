"""Routing decisions, looked at without a network and sent over a simulated one."""

import csv
import json
import random
import re

from program import OK, ProgramTest, main, points, weft

MODEL = {"hidden_size": 128, "num_hidden_layers": 2, "n_routed_experts": 16, "num_experts_per_tok": 2,
         "moe_intermediate_size": 64, "vocab_size": 1000}
RANKS = 4


def notes_of(row):
    return dict(pair.split("=", 1) for pair in row["notes"].split(";"))


class Route(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "tiny.json"
        self.model.write_text(json.dumps(MODEL))

    def routed(self, *arguments):
        """What `weft route` says of its only router."""
        result = weft("route", "--model", self.model, "--ranks", RANKS, "--json", "-", *arguments)
        self.assertEqual(result.returncode, OK, result.stderr)
        return json.loads(result.stdout)["routers"][0]

    def run_moe(self, name, *arguments):
        """The rows of a run over a fabric whose latency is nothing beside its bandwidth."""
        out = self.folder / name
        result = weft("run", "moe", "--model", self.model, "-t", "model", "--ranks", RANKS, "-n", "8", "-c", "0",
                      "--fabric", "latency=0,bandwidth=1", "--algorithm", "linear", "--out", out, *arguments)
        self.assertEqual(result.returncode, OK, result.stderr)
        return points(out)

    def test_a_table_with_measured_and_expected(self):
        result = weft("route", "--model", self.model, "--ranks", RANKS, "--ranks-per-node", "2", "--router", "uniform,hash")
        self.assertEqual(result.returncode, OK, result.stderr)
        ranks, nodes = (re.search(rf"^distinct {what} per token +(\S+) +\S+ +\S+ +(\S+)$", result.stdout, re.MULTILINE)
                        for what in ("ranks", "nodes"))
        # 16 experts, top-2: D(4) = 4 (1 - 12 x 11 / (16 x 15)) and D(2) = 2 (1 - 8 x 7 / (16 x 15))
        self.assertEqual((ranks[2], nodes[2]), ("1.800", "1.533"))
        self.assertAlmostEqual(float(ranks[1]), 1.8, delta=0.02)
        self.assertAlmostEqual(float(nodes[1]), 1.533, delta=0.02)
        self.assertIn("router hash:1,", result.stdout)

    def test_a_trace_and_its_lines_are_one_routing_and_a_run_replays_it(self):
        decisions = {(layer, rank): [[(rank + layer + t) % 16, (3 * t + 7 + 5 * rank) % 16] for t in range(100)]
                     for layer in range(2) for rank in range(RANKS)}
        for tokens in decisions.values():
            tokens[:] = [[a, b if a != b else (b + 1) % 16] for a, b in tokens]
        trace = self.folder / "trace.jsonl"
        trace.write_text("".join(json.dumps({"step": 0, "stage": "pre_dispatch", "block": "decoder", "layer": layer, "rank": rank,
                                             "num_tokens": 100, "topk": 2, "top_indices": tokens}) + "\n"
                                 for (layer, rank), tokens in decisions.items()))
        lines = self.folder / "trace.csv"
        with lines.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["step", "layer", "rank", "token", "expert0", "expert1"])
            for (layer, rank), tokens in decisions.items():
                writer.writerows([0, layer, rank, number, *token] for number, token in enumerate(tokens))
        said = self.routed("--router", f"replay:{trace}")
        self.assertEqual(said["routings"], 2)
        self.assertEqual(said["routing"], self.routed("--router", f"replay:{lines}")["routing"])
        self.assertEqual(self.routed("--router", f"replay:{trace}", "--replay-layer", "1")["routings"], 1)
        # By hand: what each rank gets.
        received = [[sum(e // 4 == to for (of, _), tokens in decisions.items() if of == layer for token in tokens for e in token)
                     for to in range(RANKS)] for layer in range(2)]
        imbalance = sum(max(row) * RANKS / sum(row) for row in received) / 2
        self.assertAlmostEqual(said["routing"]["rank_imbalance"]["measured"], imbalance)
        rows = self.run_moe("replayed", "--router", f"replay:{trace}")
        self.assertAlmostEqual(float(rows[0]["imbalance"]), imbalance)
        self.assertEqual(notes_of(rows[0])["tokens"], "100")
        traffic = json.loads((self.folder / "replayed" / "traffic.json").read_text())
        self.assertEqual(traffic["points"][0]["routing"], said["routing"])
        token_bytes = 128 + 4
        dispatch = next(point for point in traffic["points"] if point["operation"] == "dispatch")
        self.assertEqual([sum(row[to] for row in dispatch["bytes"]) // token_bytes for to in range(RANKS)], received[0])

    def expect_theory(self, rows, asked):
        """A rank sends and receives max/mean times the mean, and everybody waits for the busiest: time goes with max/mean.
        The part that stays on a rank differs with the draw, by 2 % with some thousand pairs on each rank."""
        for operation in ("dispatch", "combine"):
            of = sorted((row for row in rows if row["operation"] == operation), key=lambda row: float(row["imbalance"]))
            self.assertEqual(len(of), len(asked))
            least = of[0]
            for row, ratio in zip(of, asked):
                # At 1 GB/s a byte takes a ns: the busiest port's bytes are the time.
                self.assertAlmostEqual(float(row["time_us_median"]) * 1e3 / float(row["bytes_per_rank"]), 1, delta=0.02)
                self.assertAlmostEqual(float(row["imbalance"]), ratio, delta=0.1)
                slowdown = float(row["time_us_median"]) / float(least["time_us_median"])
                self.assertAlmostEqual(slowdown / (float(row["imbalance"]) / float(least["imbalance"])), 1, delta=0.03)

    def test_a_drawn_exchange_slows_down_by_max_over_mean(self):
        asked = (1, 1.3, 2, 3)
        self.expect_theory(self.run_moe("skewed", "--router", "one-hot:1,1.3,2,3", "--routings", "1", "--tokens", "4000"), asked)

    def test_a_replayed_exchange_slows_down_by_max_over_mean(self):
        asked, rows = (1, 1.3, 2, 3), []
        for ratio in asked:
            trace = self.folder / f"hot{ratio}.jsonl"
            draw = random.Random(ratio)
            with trace.open("w") as file:
                for rank in range(RANKS):  # an expert of rank 2 with this chance, the other one of the same rank
                    tokens = []
                    for _ in range(4000):
                        to = 2 if draw.random() < ratio / RANKS else draw.choice((0, 1, 3))
                        tokens.append(draw.sample(range(4 * to, 4 * to + 4), 2))
                    file.write(json.dumps({"step": 0, "layer": 0, "rank": rank, "num_tokens": 4000, "topk": 2,
                                           "top_indices": tokens}) + "\n")
            rows += self.run_moe(f"hot{ratio}", "--router", f"replay:{trace}")
        self.expect_theory(rows, asked)

    def test_dispatchers_use_all_ports_evenly(self):
        """At 1 GB/s without latency a byte takes a ns: where ranks sent in one order, all would wait at one port."""
        out = self.folder / "ports"
        result = weft("run", "moe", "--model", self.model, "-t", "model", "--ranks", "16", "--ranks-per-node", "4", "-n", "3", "-c", "0",
                      "--routings", "1", "--tokens", "1000", "--dispatcher", "all", "--pass", "both", "--algorithm", "linear",
                      "--fabric", "latency=0,bandwidth=1,overhead=0", "--out", out)
        self.assertEqual(result.returncode, OK, result.stderr)
        rows = [row for row in points(out) if row["algorithm"] != "linear"]
        self.assertEqual({(row["algorithm"], row["operation"]) for row in rows},
                         {(dispatcher, operation + suffix) for dispatcher in ("flat", "hierarchical", "low_latency", "node_all_gather")
                          for operation in ("dispatch", "combine") for suffix in ("", "_backward")})
        for row in rows:
            self.assertLess(float(row["time_us_median"]) * 1e3 / float(row["bytes_per_rank"]), 1.15, (row["algorithm"], row["operation"]))

    def test_every_exchange_of_every_dispatcher_arrives_for_real(self):
        out = self.folder / "real"
        result = weft("run", "moe", "--model", self.model, "-t", "shm", "--ranks", RANKS, "--ranks-per-node", "2", "--oversubscribe",
                      "-n", "2", "--tokens", "50", "--dispatcher", "all", "--pass", "both", "--dispatch-format", "bf16",
                      "--combine-format", "logfmt10", "--router", "lognormal:2", "--placement", "eplb:8", "--out", out)
        self.assertEqual(result.returncode, OK, result.stderr)
        rows = points(out)
        self.assertEqual(len(rows), 4 * (1 + 4))
        self.assertEqual({row["wrong"] for row in rows}, {"0"})
        sizes = {(row["algorithm"], row["operation"]): int(notes_of(row)["bytes_per_token"]) for row in rows}
        self.assertEqual(sizes["flat", "dispatch_backward"], 2 * 128)
        self.assertEqual(sizes["hierarchical", "dispatch"], 2 * 128 + 32)  # 8 + 2 x 8, at a multiple of 16
        self.assertEqual(sizes["hierarchical", "dispatch_backward"], 2 * 128 + 16)
        self.assertEqual(sizes["low_latency", "combine"], 10 * 128 // 8 + 4)

    def test_a_balanced_placement_takes_the_skew_away(self):
        skewed = ("--router", "lognormal:3", "--tokens", "2000")
        plain = self.run_moe("plain", *skewed)[0]
        balanced = self.run_moe("balanced", *skewed, "--placement", "eplb:8")[0]
        self.assertLess(float(balanced["imbalance"]) - 1, 0.5 * (float(plain["imbalance"]) - 1))
        self.assertLess(float(balanced["time_us_median"]), float(plain["time_us_median"]))
        notes = notes_of(balanced)
        self.assertEqual(notes["placement"], "eplb:8")
        self.assertAlmostEqual(float(notes["rank_imbalance_contiguous"]), float(plain["imbalance"]), delta=0.001)
        self.assertGreater(int(notes["expert_moves"]), 0)


if __name__ == "__main__":
    main()
