"""GOAL schedules: what weft exports runs in weft again, what others wrote runs on real transports, and what is no schedule
is refused in one sentence."""

import os
import re

from program import HAS_MPI, OK, USAGE, ProgramTest, main, points, weft

# What each rank does: takes a message of its neighbour, works, and passes on what depends on both; on a tree of tags as
# other tools write it.
RING = """num_ranks {ranks}
{blocks}"""
BLOCK = """rank {rank} {{
l1: calc 2000
l2: send 100000b to {next} tag 7 cpu 0 nic 0
l3: recv 100000b from {before} tag 7 cpu 0 nic 0
l4: send 64b to {next} tag 9
l4 requires l3
l4 requires l1
l5: recv 4096b from {before} tag 9
l5 irequires l3
l6: calc 1000 cpu 1
l6 requires l5
}}
"""


def ring(ranks):
    blocks = [BLOCK.format(rank=r, next=(r + 1) % ranks, before=(r - 1) % ranks) for r in range(ranks)]
    return RING.format(ranks=ranks, blocks="".join(blocks))


class Goal(ProgramTest):
    def schedule(self, text, name="schedule.goal"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def exported(self, name, *arguments):
        path = self.folder / name
        result = weft("export", "goal", *arguments, "--out", path)
        self.assertEqual(result.returncode, OK, result.stderr)
        return path

    def run_one(self, name, *arguments, mpi_ranks=0, wrong="0"):
        out = self.folder / name
        result = weft("run", *arguments, "--out", out, mpi_ranks=mpi_ranks)
        self.assertEqual(result.returncode, OK, result.stderr)
        rows = points(out)
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0]["status"], rows[0]["wrong"]), ("ok", wrong))
        return rows[0]

    def refused(self, text, says, ranks=2, flags=()):
        path = text if not isinstance(text, (str, bytes)) else self.schedule(text)
        result = weft("run", "goal", "--goal", path, "-t", "model", "--ranks", ranks, "--out", self.folder / "none", *flags)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        for word in says:
            self.assertIn(word, result.stderr)
        self.assertFalse((self.folder / "none").exists())

    def test_round_trip_takes_the_same_time_on_the_model(self):
        cases = {
            "ring": (8, "all_reduce", "--algorithm", "ring", "-b", "1M", "-e", "1M"),
            "linear": (6, "all_to_all", "--algorithm", "linear", "-b", "60000", "-e", "60000"),
            "pipeline": (4, "pipeline", "--schedule", "zb-h1", "--model", "mixtral-8x22b", "--tokens", "64"),
        }
        sent = {"ring": 2 * 7 * (1 << 20) // 8, "linear": 5 * 10_000}
        for name, (ranks, *traffic) in cases.items():
            with self.subTest(name):
                path = self.exported(f"{name}.goal", *traffic, "--ranks", ranks)
                where = ("-t", "model", "--ranks", ranks, "-n", "3", "-w", "0", "--sync", "barrier")
                first = self.run_one(f"{name}-1", *traffic, *where)
                again = self.run_one(f"{name}-2", "goal", "--goal", path, *where)
                self.assertEqual(first["time_us_median"], again["time_us_median"])
                self.assertEqual(int(again["bytes_per_rank"]), sent.get(name, int(first["bytes_per_rank"])))
                self.assertEqual(again["operation"], name)

    def test_a_whole_training_step_takes_the_same_time(self):
        path = self.exported("step.goal", "training_step", "--ranks", "8")
        where = ("-t", "model", "--ranks", "8", "-n", "2", "-w", "0", "-c", "0", "--sync", "barrier")
        first = self.run_one("first", "training_step", *where, wrong="n/a")
        again = self.run_one("again", "goal", "--goal", path, *where, wrong="n/a")
        self.assertEqual(first["time_us_median"], again["time_us_median"])

    def test_one_point_of_several_is_chosen(self):
        moe = ("moe", "--dispatcher", "flat", "--model", "mixtral-8x22b", "--tokens", "16", "--ranks", "4")
        result = weft("export", "goal", *moe, "--out", "-")
        self.assertEqual(result.returncode, USAGE)
        number = re.search(r"(\d): combine by flat", result.stderr)[1]
        path = self.exported("combine.goal", *moe, "--point", number)
        self.run_one("combine", "goal", "--goal", path, "-t", "model", "--ranks", "4", "-n", "2")
        text = weft("export", "goal", *moe, "--point", number, "--out", "-").stdout
        self.assertEqual(text, path.read_text())
        other = weft("export", "goal", *moe, "--point", number, "--iteration", "1", "--out", "-").stdout
        self.assertNotEqual(text, other)

    def test_others_schedules_run_on_real_transports(self):
        path = self.schedule(ring(2))
        self.run_one("shm", "goal", "--goal", path, "-t", "shm", "--ranks", "2", "-n", "50")
        self.run_one("many", "goal", "--goal", self.schedule(ring(4), "four.goal"), "-t", "shm", "--ranks", "4", "--oversubscribe", "-n", "20")
        if HAS_MPI:
            self.run_one("mpi", "goal", "--goal", path, "-t", "mpi", "--ranks", "2", "-n", "50")

    def test_what_cannot_be_exported_says_why(self):
        cases = {
            ("all_reduce", "--algorithm", "native", "-b", "4", "-e", "4"): "no program that could be exported",
            ("all_reduce", "-b", "4", "-e", "16"): "2 points are asked for",
            ("all_reduce", "-b", "4", "-e", "4", "--point", "2"): "--point 2: there are 1",
            ("all_redcue",): "did you mean 'all_reduce'",
            ("goal",): "--goal FILE",
        }
        for arguments, sentence in cases.items():
            result = weft("export", "goal", *arguments, "--ranks", "4", "--out", "-")
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertIn(sentence, result.stderr)
            self.assertEqual(result.stdout, "")
        result = weft("export", "goal", "all_reduce", "-b", "4", "-e", "4", "--ranks", "4", "--out", self.folder / "none" / "x.goal")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("--out", result.stderr)

    def test_what_is_no_schedule_is_refused_in_a_sentence(self):
        good = ring(2)
        self.refused(self.folder / "missing.goal", ["missing.goal", "cannot be read"])
        self.refused(self.folder, ["cannot be read"])
        self.refused(os.urandom(1 << 16), ["line 1"])
        self.refused(b"\x00" * 1000, ["line 1", "0x00"])
        self.refused(good[:len(good) // 2], ["schedule.goal", "line "])
        self.refused(good.replace("l4 requires l1", "l4 requires l9", 1), ["line 8", "'l9' is not defined in rank 0"])
        self.refused(good.replace("l1: calc 2000", "l1: calc 2000\nl1 requires l6\nl3 requires l1", 1), ["requires itself"])
        self.refused(good.replace("calc 2000", "calc -2000", 1), ["line 3", "-2000"])
        self.refused(good.replace("100000b", "99999999999999999999b", 1), ["line 4", "99999999999999999999"])
        self.refused(good.replace("l2:", "l1:", 1), ["line 4", "'l1' comes a second time, first in line 3"])
        self.refused(good.replace("to 1", "to 7", 1), ["line 4", "7 is no rank"])
        self.refused(good.replace("to 1", "to 0", 1), ["line 4", "sends to itself"])
        self.refused(good.replace("tag 7", "tag 8", 1), ["line 4", "sends 1 messages of tag 8 to rank 1, which receives 0"])
        self.refused(good.replace("tag 7", "tag -1", 1), ["line 4", "-1"])
        self.refused(good, ["schedule of 2 ranks, and 3 are launched"], ranks=3)
        result = weft("run", "goal", "-t", "model", "--ranks", "2", "--out", self.folder / "none")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("--goal FILE is needed", result.stderr)

    def test_a_schedule_that_needs_eager_sends(self):
        swap = "num_ranks 2\n" + "".join(f"rank {r} {{\ns: send 64b to {1 - r}\nr: recv 64b from {1 - r}\nr requires s\n}}\n" for r in (0, 1))
        self.refused(swap, ["line 3", "--goal-eager"])
        path = self.schedule(swap)
        self.run_one("eager", "goal", "--goal", path, "--goal-eager", "64", "-t", "shm", "--ranks", "2", "-n", "20")

    def test_ten_million_lines(self):
        lines = 5_000_000
        path = self.folder / "large.goal"
        with path.open("w") as file:
            file.write("num_ranks 2\n")
            for rank, verb in ((0, "send 8b to 1"), (1, "recv 8b from 0")):
                file.write(f"rank {rank} {{\nl0: {verb}\n")
                for i in range(1, lines // 2, 1000):
                    file.writelines(f"l{j}: {verb}\nl{j} requires l{j - 1}\n" for j in range(i, min(i + 1000, lines // 2)))
                file.write("}\n")
            file.write("rank 2 {\n")
        self.refused(path, [f"line {2 * lines + 4}", "2 is no rank"])


if __name__ == "__main__":
    main()
