"""Whole runs: every pattern, every transport, formats, resume."""

import csv
import io
import json
import pathlib
import re

from program import FAILED, HAS_MPI, OK, USAGE, ProgramTest, main, points, weft

SMALL = ["-b", "8", "-e", "4K", "-f", "8", "-n", "5", "--tokens", "32", "--micro-batches", "3", "--forward", "20us",
         "--backward", "40us", "--oversubscribe"]
COLLECTIVES = ["all_reduce", "all_to_all", "reduce_scatter", "all_gather", "broadcast", "barrier", "send_recv"]


class Run(ProgramTest):
    def run_ok(self, *arguments, mpi_ranks=0, name="run"):
        out = self.folder / name
        result = weft("run", *arguments, *SMALL, "--out", out, mpi_ranks=mpi_ranks)
        self.assertEqual(result.returncode, OK, result.stderr)
        rows = points(out)
        for row in rows:
            self.assertEqual((row["status"], row["wrong"]), ("ok", "0"), row)
        return result, rows, out

    def test_main_job_without_a_launcher(self):
        _, rows, out = self.run_ok("--ranks", "2")
        self.assertEqual({row["pattern"] for row in rows}, {"moe", "all_reduce", "pipeline"})
        self.assertEqual({row["transport"] for row in rows}, {"shm"})
        run = json.loads((out / "run.json").read_text())
        self.assertIn("schema", json.dumps(run))

    def test_every_collective_by_every_algorithm(self):
        _, rows, _ = self.run_ok(*COLLECTIVES, "--algorithm", "all", "--ranks", "3")
        self.assertEqual({row["pattern"] for row in rows}, set(COLLECTIVES))
        self.assertIn("ring", {row["algorithm"] for row in rows})

    def test_simulated_ranks(self):
        _, rows, _ = self.run_ok("all_to_all", "-t", "model", "--ranks", "64", "--algorithm", "pairwise")
        self.assertEqual({row["ranks"] for row in rows}, {"64"})

    def test_every_pipeline_schedule_beside_its_formula_on_a_free_fabric(self):
        out = self.folder / "run"
        result = weft("run", "pipeline", "-t", "model", "--ranks", "4", "--tokens", "1", "-n", "3", "--fabric",
                      "latency=0,bandwidth=1e9,overhead=0", "--out", out)
        self.assertEqual(result.returncode, OK, result.stderr)
        rows = points(out)
        formula = {"gpipe": 9 / 33, "1f1b": 9 / 33, "interleaved": 4.5 / 28.5, "zb-h1": 3 / 27, "dualpipe": 2 / 26,
                   "dualpipev": 3 / 27}
        self.assertEqual({row["algorithm"] for row in rows}, set(formula))
        details = {detail["schedule"]: detail for detail in json.loads((out / "pipeline.json").read_text())["points"]}
        for row in rows:
            name = row["algorithm"]
            self.assertEqual(row["wrong"], "0", name)
            for value in (row["bubble"], row["bubble_formula"], details[name]["bubble_free"]):
                self.assertAlmostEqual(float(value), formula[name], 3, name)
            kinds = {event["kind"] for event in details[name]["events"]}
            self.assertEqual("W" in kinds, name in ("zb-h1", "dualpipe", "dualpipev"), name)

    def test_real_and_simulated_ranks_share_one_run(self):
        result, rows, out = self.run_ok("all_reduce", "-t", "shm,model", "--ranks", "2", "--format", "json")
        self.assertEqual({row["transport"] for row in rows}, {"shm", "model"})
        self.assertEqual(len(json.loads(result.stdout)), len(rows))
        run = json.loads((out / "run.json").read_text())
        self.assertEqual(run["exit_code"], OK)
        self.assertEqual(run["resumed"], [])
        self.assertEqual(len(run["topology"]), 2)
        self.assertIn("binding", run["topology"][0])

    def test_memory_that_a_transport_does_not_take_is_a_reason(self):
        _, rows, out = self.run_ok("all_reduce", "-t", "shm,model", "--ranks", "2", "--memory", "host")
        self.assertEqual({row["status"] for row in rows}, {"ok"})
        self.assertEqual(json.loads((out / "run.json").read_text())["configuration"]["memory"], "host")
        out = self.folder / "device"
        result = weft("run", "all_reduce", "-t", "shm", "--ranks", "2", "--memory", "device", "--out", out)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        self.assertEqual({row["reason"] for row in points(out)}, {"--memory device: shm takes host, huge"})

    def test_huge_pages_of_mpi(self):
        choices = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
        if not HAS_MPI or not choices.exists() or "[never]" in choices.read_text():
            return
        _, rows, _ = self.run_ok("all_reduce", "-t", "mpi", "--ranks", "2", "--memory", "huge")
        self.assertEqual({row["status"] for row in rows}, {"ok"})

    def test_without_a_device_nccl_says_so(self):
        known = weft("list").stdout
        if "  nccl" not in known or "(not in this build" in known.split("  nccl")[1].split("\n")[0]:
            return
        if any(pathlib.Path("/dev", driver).exists() for driver in ("nvidiactl", "kfd")):
            return
        out = self.folder / "run"
        result = weft("run", "all_reduce", "-t", "nccl", "--ranks", "2", "--out", out)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        for row in points(out):
            self.assertRegex(row["reason"], "^nccl needs a (CUDA|HIP) device and this host shows none")

    def test_a_point_without_memory_is_a_row(self):
        out = self.folder / "run"
        result = weft("run", "all_reduce", "-t", "shm,model", "--ranks", "2", "-b", "512G", "-e", "512G", "-n", "3", "-c", "0",
                      "--out", out)
        self.assertEqual(result.returncode, FAILED, result.stderr)
        status = {row["transport"]: row["status"] for row in points(out)}
        self.assertEqual(status, {"shm": "failed", "model": "ok"})
        self.assertEqual(json.loads((out / "run.json").read_text())["exit_code"], FAILED)

    def test_a_failed_point_under_mpirun_leaves_the_rest_of_the_run_alone(self):
        if not HAS_MPI:
            return
        out = self.folder / "run"
        result = weft("run", "all_reduce", "-t", "mpi,model", "-b", "512G", "-e", "512G", "-n", "3", "-c", "0", "--out", out,
                      mpi_ranks=2)
        self.assertEqual(result.returncode, FAILED, result.stderr)
        self.assertEqual({row["transport"]: row["status"] for row in points(out)}, {"mpi": "failed", "model": "ok"})
        self.assertEqual(json.loads((out / "run.json").read_text())["exit_code"], FAILED)

    def test_a_ping_pong_is_half_of_there_and_back(self):
        result, rows, _ = self.run_ok("send_recv", "-t", "model", "--ranks", "2", "--fabric", "latency=2us,bandwidth=8,overhead=0ns",
                                      "--format", "osu")
        times = {row["operation"]: float(row["time_us_median"]) for row in rows if row["bytes_per_rank"] == "8"}
        self.assertEqual(times, {"pingpong": 2.001, "exchange": 2.001})
        self.assertEqual(len(re.findall(r"^8 +2\.00$", result.stdout, re.MULTILINE)), 2, result.stdout)

    def test_a_stream_is_told_by_its_messages(self):
        """64 of them follow each other, and one short answer; each of 8 bytes is on the wire for 1 ns."""
        _, rows, _ = self.run_ok("stream", "-t", "model", "--ranks", "5", "--fabric", "latency=2us,bandwidth=8,overhead=0ns")
        row = next(row for row in rows if row["bytes_per_rank"] == "8")
        self.assertEqual((row["batch"], row["wire_bytes"]), ("64", "8"))
        self.assertAlmostEqual(float(row["time_us_median"]), 0.001 + 2 * 2 / 64, delta=0.0001)
        self.assertAlmostEqual(float(row["wirebw_GBps"]), 0.008 / float(row["time_us_median"]), places=3)

    def test_in_place_is_said_of_rows_that_are(self):
        _, rows, _ = self.run_ok("all_reduce", "barrier", "--in-place", "-t", "shm")
        self.assertEqual({row["pattern"]: row["in_place"] for row in rows}, {"all_reduce": "true", "barrier": "false"})

    def test_mpi_starts_by_itself_beside_shared_memory(self):
        if not HAS_MPI:
            return
        _, rows, _ = self.run_ok("all_reduce", "moe", "-t", "shm,mpi", "--ranks", "2")
        self.assertEqual({row["transport"] for row in rows}, {"shm", "mpi"})

    def test_under_mpirun(self):
        if not HAS_MPI:
            return
        _, rows, out = self.run_ok(mpi_ranks=4)
        self.assertEqual({(row["transport"], row["ranks"]) for row in rows}, {("mpi", "4")})
        self.assertEqual({place["binding"] for place in json.loads((out / "run.json").read_text())["topology"]}, {"unbound"},
                         "as mpirun --bind-to none has it")

    def test_formats_agree_with_the_file(self):
        for form in ("table", "nccl", "osu", "imb", "json", "csv"):
            result, rows, out = self.run_ok("all_reduce", "--ranks", "2", "--format", form, name=form)
            shown = weft("show", out, "--format", form)
            self.assertEqual(shown.returncode, OK, shown.stderr)
            self.assertEqual(shown.stdout, result.stdout, form)

    def test_several_runs_as_csv_and_json_are_one_table(self):
        runs = [self.run_ok("all_reduce", "--ranks", "2", name=name)[1:] for name in ("one", "two")]
        folders = [out for _, out in runs]
        expected = [{"run": str(out), **row} for rows, out in runs for row in sorted(rows, key=lambda row: int(row["point"]))]
        shown = weft("show", *folders, "--format", "csv")
        self.assertEqual(list(csv.DictReader(io.StringIO(shown.stdout))), expected)
        shown = weft("show", *folders, "--format", "json")
        self.assertEqual([(row["run"], row["point"]) for row in json.loads(shown.stdout)],
                         [(row["run"], int(row["point"])) for row in expected])

    def test_flags_from_a_file(self):
        config = self.folder / "job.toml"
        config.write_text('# a job\npatterns = ["all_reduce",  # two\n  "broadcast"]\nstages = 0\nin-place = false\n')
        _, rows, _ = self.run_ok("--ranks", "2", "--config", config)
        self.assertEqual({row["pattern"] for row in rows}, {"all_reduce", "broadcast"})

    def test_resume_measures_only_what_is_missing(self):
        _, rows, out = self.run_ok("all_reduce", "--ranks", "2")
        lines = (out / "points.csv").read_bytes().splitlines(keepends=True)
        (out / "points.csv").write_bytes(b"".join(lines[:2]) + lines[2][: len(lines[2]) // 2])
        result = weft("run", "all_reduce", "--ranks", "2", *SMALL, "--resume", out)
        self.assertEqual(result.returncode, OK, result.stderr)
        again = points(out)
        self.assertEqual([row["bytes_per_rank"] for row in again], [row["bytes_per_rank"] for row in rows])
        self.assertEqual(again[0], rows[0])


if __name__ == "__main__":
    main()
