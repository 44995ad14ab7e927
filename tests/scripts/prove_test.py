"""scripts/prove: its closed forms against draws, its second writing of weft's formulas, its report, its refusals."""

import math
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))

from weftprove import cluster, damage, hosts, hosts_levels, hosts_tuned, order, report, shim, tightness, truth  # noqa: E402


def prove(*arguments):
    command = [sys.executable, str(SOURCE / "scripts/prove"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TruthTest(unittest.TestCase):
    def test_the_laws_are_those_of_draws(self):
        message = truth.Message(65536, 10_000, 10, 0.3, 0.05, 3)
        chance = random.Random(1)

        def draw():
            stall = 3 if chance.random() < 0.05 else 1
            return message.wire + message.latency * chance.lognormvariate(0, 0.3) * stall

        laws = {"one": (message, draw), "later": (truth.LaterOf(message), lambda: max(draw(), draw())),
                "mean": (truth.MeanOf(message), lambda: (draw() + draw()) / 2),
                "of three": (truth.MeanOf(message, 3), lambda: (draw() + draw() + draw()) / 3)}
        draws = 20_000
        for name, (law, one) in laws.items():
            values = sorted(one() for _ in range(draws))
            for q in (0.1, 0.5, 0.99):
                below = truth.share_below(values, truth.quantile(law, q))
                self.assertLess(abs(below - q), 5 * math.sqrt(q * (1 - q) / draws), (name, q))


class OrderTest(unittest.TestCase):
    def test_known_positions(self):
        self.assertEqual(order.positions(6, 0.5, 0.95), (1, 6))
        self.assertEqual(order.positions(1000, 0.5, 0.95), (469, 532))
        self.assertIsNone(order.quantile_interval(list(range(5)), 0.5, 5))

    def test_coverage_is_what_it_says(self):
        for n, q in ((100, 0.5), (4000, 0.99), (400, 0.99)):
            low, high = order.positions(n, q, 0.95)
            cdf = order.binomial_below(n, q)
            self.assertTrue(0.95 <= cdf[high - 1] - cdf[low - 1] <= 0.98, (n, q))

    def test_correlated_values_are_worth_less(self):
        chance = random.Random(2)
        value, series = 0.0, []
        for _ in range(2000):
            value = 0.8 * value + chance.gauss(0, 1)
            series.append(value)
        self.assertLess(tightness.effective(series), 500)
        self.assertGreater(tightness.effective([chance.gauss(0, 1) for _ in range(2000)]), 1200)


class HostsTest(unittest.TestCase):
    def row(self, algorithm, us, between):
        return {"operation": "all_reduce", "algorithm": algorithm, "time_us_median": str(us), "wire_bytes_between_nodes": str(between)}

    def test_what_a_link_carries(self):
        rows = [self.row("ring", 7000, 700), self.row("two_level", 3000, 300)]
        for in_turn, link in ((True, [1400, 600]), (False, [700, 600])):
            case = hosts_levels.Case("", [], in_turn, ("ring", "two_level"))
            self.assertEqual(hosts_levels.both_of(rows, case, "all_reduce"), ([7, 3], link))
        self.assertAlmostEqual(cluster.payload_rate(1e9) / 1e6, 119.55, places=2)

    def test_the_bytes_ratio_is_set_beside_the_median_of_the_launches(self):
        off, words = hosts_levels.row_of([([ms, 3], [1400, 600]) for ms in (7.7, 21, 6.3)])
        self.assertAlmostEqual(off, 0.1)
        self.assertEqual(words[4:], ("2.57 [2.10, 7.00]", "2.33", "+10.0 %"))

    def test_the_furthest_operation_decides(self):
        for offs, met in (([0.1, -0.14], True), ([0.1, -0.16], False), ([0.16, -0.1], False)):
            section = report.Section("", "")
            hosts_levels.add(section, "tcp", hosts_levels.CASES[0], offs)
            self.assertEqual(section.claims[0].met, met, offs)

    def test_the_slow_link_alone_is_named(self):
        four = cluster.Cluster(4)
        said = "    slow: {} - {}: 1.5e+05 us, 1.56 times as long as the first quarter\n"
        limited, other = said.format(four.host(1), four.host(3)), said.format(four.host(2), four.host(3))
        for text, named in ((limited, True), (other, False), (limited + other, False), ("", False)):
            self.assertEqual(hosts.slow_links_named(four, "\npingpong of 16M\n" + text + "\nexchange of 16M\n" + other), named, text)

    def test_a_choice_that_loses_is_not_met(self):
        measured = {("all_reduce", 8): {"ring": 2.0, "native": 4.0}}
        for us, met in ((2, True), (5, False)):
            section = report.Section("", "")
            hosts_tuned.add(section, "mpi", measured, {"own": [{("all_reduce", 8): {"native": 4}}], "tuned": [{("all_reduce", 8): {"ring": us}}]})
            self.assertEqual(section.claims[0].met, met)


class ReportTest(unittest.TestCase):
    def section(self, figure, met):
        section = report.Section("Title", "How.")
        section.claim("a | b", figure, met)
        section.table("Caption:", ("x",), [(1,)])
        return report.section_text("gate", section, "2 cores", 3)

    def test_a_proof_replaces_its_section_and_leaves_the_others(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "accuracy.md"
            report.write(path, {"gate": self.section("first", True)}, ("coverage", "gate"))
            report.write(path, {"coverage": self.section("other", None).replace("gate -->", "coverage -->")}, ("coverage", "gate"))
            report.write(path, {"gate": self.section("second", False)}, ("coverage", "gate"))
            text = path.read_text()
        self.assertNotIn("first", text)
        self.assertLess(text.index("other"), text.index("second"))
        self.assertIn("| Title | 1 not met |", text)
        self.assertIn("| Title | 1 not run |", text)


class LogTest(unittest.TestCase):
    def test_calls_are_from_the_first_start_to_the_last_end(self):
        with tempfile.TemporaryDirectory() as folder:
            for rank, calls in enumerate(("a,8,0,9,0\na,8,10,30,0\n", "a,8,0,9,0\na,4,0,5,0\na,8,12,29,0\n")):
                (pathlib.Path(folder) / f"log.{rank}").write_text("call,bytes,start_ns,end_ns,delayed\n" + calls)
            calls = shim.calls_of(pathlib.Path(folder) / "log", 2, 1, bytes_=8)
        self.assertEqual((calls.completion, calls.slowest, calls.mean_of_ranks), ([20], [0], [18.5]))


class DamageTest(unittest.TestCase):
    def test_each_damage_changes_the_file(self):
        text = b'ranks,time_us_median,completion_ns,valid\r\n2,1.5,3,true\r\n2,1.5,3,true\r\n2,1.5,3,true\r\n'
        for damages in (damage.DAMAGES["points.csv"], damage.DAMAGES["samples.csv"]):
            for what, how in damages.items():
                self.assertNotEqual(how(text), text, what)


class CommandTest(unittest.TestCase):
    def test_what_cannot_be_followed_is_refused(self):
        for arguments, said in ((["nosuch"], "there is no proof 'nosuch'"), (["--weft", "/nowhere"], "/nowhere does not exist"),
                                (["--weft", __file__, "--osu", "/nowhere"], "--osu /nowhere"),
                                (["--weft", __file__, "--real-pairs", "0"], "--real-pairs")):
            done = prove(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
