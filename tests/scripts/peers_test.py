"""scripts/compare_peers.py: what it reads of its peers' output, the order of launches, its schedule, its refusals."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))

from weftpeers import collective, gloo_benchmark, iperf, netpipe, ofi, osu, places, program, sockets, turns, ucx  # noqa: E402

UCX = """\
iterations,50.0_percentile_lat,avg_lat,overall_lat,avg_bw,overall_bw,avg_mr,overall_mr
20000,0.625,0.700,0.710,10.9,10.7,1428571,1408450
"""
FI_PINGPONG = """\
bytes   #sent   #ack     total       time     MB/sec    usec/xfer   Mxfers/sec
64      3k      =3k      375k        0.09s      4.27      14.98       0.07
"""
OSU = """\
# OSU MPI Allreduce Latency Test v7.4
# Size       Avg Latency(us)
8                       1.52
"""
GLOO = """\
   size (B)   elements   min (us)   p50 (us)   p99 (us)   max (us)   bandwidth (GB/s)   iterations
       1024        256         95        187       4650       9148              0.002         1108
"""


def compare(*arguments, path=None):
    command = [sys.executable, str(SOURCE / "scripts/compare_peers.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=None if path is None else {"PATH": path})


class ReadingTest(unittest.TestCase):
    def test_what_peers_print(self):
        self.assertAlmostEqual(netpipe.one_way_of("      64 7.661588   0.00006373\n"), 63.73)
        self.assertEqual(ucx.mean_of(UCX), 0.710)
        self.assertEqual(ofi.mean_of(FI_PINGPONG), 14.98)
        self.assertEqual(osu.average_of(OSU), 1.52)
        self.assertEqual(gloo_benchmark.p50_of(GLOO), 187)
        self.assertEqual(sockets.mean_of('{"benchmarks": [{"real_time": 4.5, "time_unit": "us"}]}'), 4.5)

    def test_the_best_variant_of_a_peer_is_not_its_luckiest_launch(self):
        launches = [{"ring": 10, "tree": 20}, {"ring": 11, "tree": 5}, {"ring": 12, "tree": 21}]
        self.assertEqual(gloo_benchmark.best_variant(launches), "ring")
        self.assertEqual(gloo_benchmark.best_variant([*launches, {"ring": 13}]), "ring")
        self.assertEqual(gloo_benchmark.best_variant([*launches, {"tree": 5}]), "tree", "the other failed once")

    def test_a_variant_of_gloo_that_fails_is_left_out_and_no_more(self):
        def time_of(_program, _ranks, _size, algorithm, flags):
            if algorithm != "allreduce_ring" or flags:
                raise program.PeerFailed("a connection was lost")
            return 7

        with mock.patch.object(gloo_benchmark, "time_of", time_of):
            self.assertEqual(gloo_benchmark.times_of("gloo", 2, 8), {"allreduce_ring": 7})
        with mock.patch.object(gloo_benchmark, "time_of", side_effect=program.PeerFailed("none runs")), \
                self.assertRaisesRegex(program.PeerFailed, "none runs"):
            gloo_benchmark.times_of("gloo", 2, 8)

    def test_iperf3_counts_what_was_received(self):
        said = {"end": {"sum_sent": {"bytes": 900, "seconds": 1.0}, "sum_received": {"bytes": 800, "seconds": 0.5}}}
        self.assertEqual(iperf.received_per_second(json.dumps(said)), 1600)

    def test_what_a_peer_says_went_wrong(self):
        with self.assertRaisesRegex(program.PeerFailed, "unable to connect"):
            iperf.received_per_second('{"end": {}, "error": "unable to connect to server"}')
        with self.assertRaisesRegex(program.PeerFailed, "NPtcp wrote 0 words"):
            netpipe.one_way_of("")

    def test_times_of_a_launch_are_by_bytes_per_peer(self):
        rows = [{"bytes_per_peer": "8", "time_us_median": "2.5"}, {"bytes_per_peer": "4", "time_us_median": "2"}]
        self.assertEqual(collective.times_of(rows), {4: 2.0, 8: 2.5})


class WhatIsSentTest(unittest.TestCase):
    def test_a_slow_link_has_fewer_round_trips(self):
        slow = places.TwoHosts("1gbit")
        self.assertEqual(slow.speed, 125e6)
        self.assertGreater(netpipe.repeats_of(places.Loopback(), 1 << 20), netpipe.repeats_of(slow, 1 << 20))
        self.assertGreaterEqual(netpipe.repeats_of(slow, 1 << 30), 3)

    def test_ranks_on_two_hosts_fill_the_first_first(self):
        place = places.TwoHosts("")
        started = place.ranks(4, ["weft"])
        self.assertEqual([variables["RANK"] for _, variables in started], ["0", "1", "2", "3"])
        self.assertEqual([variables["LOCAL_RANK"] for _, variables in started], ["0", "1", "0", "1"])
        self.assertEqual([words[words.index("exec") + 1] for words, _ in started], [1, 1, 2, 2])
        self.assertEqual(len({variables["MASTER_PORT"] for _, variables in started}), 1)

    def test_a_rank_is_bound_to_the_core_of_its_number(self):
        core = program.cores()[-1]
        words = [*places.bound_by_rank([-1, core]), sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"]
        self.assertEqual(program.call(words, {"OMPI_COMM_WORLD_RANK": "1"}), f"{core}\n")

    def test_sizes_of_an_all_to_all_are_per_peer(self):
        options = argparse.Namespace(ranks=4, largest="1M", budget=None)
        self.assertEqual([flags[:5] for flags in collective.sweeps_of("all_to_all", options)],
                         [["all_to_all", "-b", 16, "-e", 1 << 20], ["all_to_all", "-b", 32768, "-e", 32768]])

    def test_no_size_is_above_the_largest(self):
        options = argparse.Namespace(ranks=2, largest="1K", budget=None)
        self.assertEqual([flags[1:5] for flags in collective.sweeps_of("all_reduce", options)], [["-b", 4, "-e", 1024]])

    def test_sizes(self):
        self.assertEqual([program.to_bytes(text) for text in ("4", "64K", "16M")], [4, 65536, 16 << 20])
        self.assertEqual([program.in_words(size) for size in (4, 1000, 65536, 16 << 20)], ["4", "1000", "64K", "16M"])


class TurnsTest(unittest.TestCase):
    def test_launches_are_in_turns_and_pairs_in_order(self):
        launched = []

        def launch(name):
            launched.append(name)
            return name, len(launched)

        pairs = turns.in_turns(3, lambda: launch("A"), lambda: launch("B"))
        self.assertEqual("".join(launched), "ABBAAB")
        self.assertEqual([(own[0], other[0]) for own, other in pairs], [("A", "B")] * 3)

    def test_a_line_has_median_quartiles_and_launches(self):
        self.assertEqual(turns.spread([4, 1, 3, 2, 100]).split(), ["3.000", "2.000", "-", "4.000", "5"])


class EndingTest(unittest.TestCase):
    def test_a_program_that_fails_is_quoted(self):
        with self.assertRaisesRegex(program.PeerFailed, "ended with 3: no such luck"):
            program.call(["sh", "-c", "echo no such luck >&2; exit 3"])

    def test_what_is_left_running_is_ended(self):
        with program.Started(["sleep", "60"]) as sleeper:
            pass
        self.assertIsNotNone(sleeper.process.poll())


class RefusalTest(unittest.TestCase):
    def refused(self, sentence, *arguments, path=None):
        done = compare(*arguments, path=path)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn(sentence, done.stderr)

    def test_a_missing_tool_is_named_with_its_package(self):
        with tempfile.TemporaryDirectory() as empty:
            for what, tool, package in (("netpipe", "NPtcp", "netpipe-tcp"), ("iperf", "iperf3", "iperf3"),
                                        ("openmpi-tcp", "mpirun", "openmpi-bin"), ("ucx", "ucx_perftest", "ucx-utils"),
                                        ("ofi", "fi_pingpong", "libfabric-bin")):
                self.refused(f"compare_peers: there is no {tool} on PATH: install {package}", what, path=empty)

    def test_flags_that_do_not_serve(self):
        for what, flags, peers in (("shm", ["--hosts"], "netpipe, iperf, openmpi-tcp, gloo"), ("gloo", ["--tuned"], "shm"),
                                   ("osu", ["--budget", "1"], "shm, openmpi-tcp, gloo, gloo-benchmark"), ("gloo", ["--osu", "."], "osu"),
                                   ("ucx", ["--ranks", "2"], "shm, osu, openmpi-tcp, gloo, gloo-benchmark"),
                                   ("shm", ["--largest", "16M"], "openmpi-tcp, gloo"), ("gloo", ["--gloo-benchmark", "x"], "gloo-benchmark"),
                                   ("gloo-benchmark", ["--operations", "all_reduce"], "shm, osu, openmpi-tcp, gloo")):
            self.refused(f"{flags[0]}: has no meaning for {what}, it is of {peers}\n", what, *flags)
        self.refused("--rate limits the links between hosts", "gloo", "--rate", "1gbit")
        self.refused("--rate 5: give a rate", "gloo", "--hosts", "--rate", "5")
        self.refused("--ranks 3: give a multiple of 2", "gloo", "--hosts", "--ranks", "3")
        self.refused("'barrier' is not compared here", "gloo", "--operations", "barrier")
        self.refused("16X is no size", "gloo", "--largest", "16X")
        self.refused("/nowhere does not exist: run scripts/build", "gloo", "--weft", "/nowhere")


if __name__ == "__main__":
    unittest.main()
