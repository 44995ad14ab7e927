"""weft compare: result sets whose truth is known, every exit code, the reports read back, and damaged files."""

import csv
import json
import math
import random
import shutil
import statistics
import xml.etree.ElementTree as ElementTree

from program import OK, USAGE, WEFT, WRONG_DATA, ProgramTest, main, weft

REGRESSION, INCONCLUSIVE = 1, 3


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


class Compare(ProgramTest):
    def setUp(self):
        super().setUp()
        self.template = self.folder / "template"
        result = weft("run", "all_reduce", "-t", "model", "--algorithm", "ring", "--ranks", 4, "-b", 64, "-e", 4096,
                      "-n", 20, "--out", self.template)
        self.assertEqual(result.returncode, OK, result.stderr)

    def campaign(self, name, factor=1.0, variation=0.002, launches=8, seed=1, change=None):
        """Launches of the template that differ by `variation`; `factor` may depend on the row."""
        noise = random.Random(seed)
        for launch in range(1, launches + 1):
            folder = self.folder / name / f"{launch:03}"
            shutil.copytree(self.template, folder)
            rows, samples = rows_of(folder / "points.csv"), rows_of(folder / "samples.csv")
            for row in rows:
                times = []
                scale = (factor(row) if callable(factor) else factor) * math.exp(noise.gauss(0, variation))
                for sample in samples:
                    if sample["point"] == row["point"]:
                        sample["completion_ns"] = str(round(float(sample["completion_ns"]) * scale * noise.uniform(.99, 1.01)))
                        times.append(float(sample["completion_ns"]) / 1000)
                row.update(time_us_median=statistics.median(times), time_us_mean=statistics.fmean(times),
                           time_us_min=min(times), time_us_median_low=min(times),
                           time_us_max=max(times), time_us_median_high=max(times))
                row["busbw_GBps"] = ""
                for rate, bytes_ in (("algbw_GBps", "bytes_per_rank"), ("wirebw_GBps", "wire_bytes"),
                                     ("internodebw_GBps", "wire_bytes_between_nodes"), ("intranodebw_GBps", "wire_bytes_inside_node")):
                    row[rate] = int(row[bytes_]) / row["time_us_median"] / 1e3 if row[bytes_] else ""
                if change:
                    change(row)
            write_rows(folder / "points.csv", rows)
            write_rows(folder / "samples.csv", samples)
        return self.folder / name

    def compared(self, *arguments, code):
        result = weft("compare", *arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout

    def refused(self, *arguments, says):
        result = weft("compare", *arguments)
        self.assertEqual(result.returncode, USAGE, result.stdout + result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr[:2000])
        for word in says:
            self.assertIn(word, result.stderr)

    def test_exit_codes(self):
        base = self.campaign("base")
        self.assertIn("no regression: none of 4 points", self.compared(base, self.campaign("same", seed=2), code=OK))
        one = self.campaign("one", factor=lambda row: 1.06 if row["bytes_per_rank"] == "1024" else 1, seed=3)
        text = self.compared(base, one, code=REGRESSION)
        self.assertIn("regression: 1 point of 4 is slower by 3 % or more, most of all all_reduce 1K ring", text)
        self.assertEqual(sum(line.startswith("regressed") for line in text.splitlines()), 1)
        self.assertIn("same", self.compared(base, one, "--threshold", "9%", code=OK))
        self.assertIn("improved", self.compared(one, base, code=OK))
        noisy = self.campaign("noisy", variation=0.2, seed=4)
        self.assertIn("of each, interleaved, would be enough", self.compared(base, noisy, code=INCONCLUSIVE))
        wrong = self.campaign("wrong", change=lambda row: row.update(status="wrong", wrong="3"))
        self.assertIn("wrong data: 4 points of 4", self.compared(base, wrong, code=WRONG_DATA))
        failed = self.campaign("failed", change=lambda row: row.update(status="failed", reason="lost"))
        self.assertIn("4 points are missing", self.compared(base, failed, code=REGRESSION))
        self.assertIn("1 and 1 launches are too few", self.compared(self.template, self.campaign("single", launches=1), code=INCONCLUSIVE))

    def test_what_differs_is_named(self):
        base, now = self.campaign("base"), self.campaign("new", seed=2)
        for folder in now.iterdir():
            info = json.loads((folder / "run.json").read_text())
            info["provenance"]["host"]["cpu"] = "another"
            info["provenance"]["environment"]["OMPI_MCA_btl"] = "tcp"
            (folder / "run.json").write_text(json.dumps(info))
        text = self.compared(base, now, code=USAGE)
        self.assertIn('environment.OMPI_MCA_btl (absent → "tcp")', text)
        self.assertIn('→ "another")', text)
        self.assertIn("--despite environment.OMPI_MCA_btl --despite host.cpu", text)
        self.compared("--despite", "host", base, now, code=USAGE)
        self.compared("--despite", "host.cpu", "--despite", "environment", base, now, code=OK)
        self.refused("--despite", "nonsense", base, now, says=["--despite: unknown condition 'nonsense'", "known: configuration, host"])
        self.refused("--despite", "host.cpus", base, now, says=["unknown condition of host 'cpus'", "did you mean 'cpu'", "memory_GiB"])
        self.refused("--despite", "host.", base, now, says=["unknown condition of host ''"])
        self.refused("--despite", "topology.bindings", base, now, says=["did you mean 'binding'", "ranks_per_host"])
        self.assertIn("--despite configuration.memory: nothing differs there",
                      self.compared("--despite", "configuration.memory", base, base.parent / "template", code=INCONCLUSIVE))

    def test_a_campaign_is_one_argument_and_killed_launches_are_left_out(self):
        self.campaign("c/base")
        new = self.campaign("c/new", seed=2)
        info = json.loads((new / "003/run.json").read_text())
        (new / "003/run.json").write_text(json.dumps({**info, "ended": None}))
        text = self.compared(self.folder / "c", code=INCONCLUSIVE)  # it may have crashed
        self.assertIn(f"left out: {new / '003'} was killed", text)
        self.assertIn("8+7", text)
        self.refused(self.folder, says=["has no folder base"])

    def test_launches_that_crashed_are_a_regression(self):
        """A new weft that crashes in launch 2 and hangs in 3."""
        flaky = self.folder / "flaky"
        flaky.write_text('#!/bin/sh\nfor word; do case $word in */002) kill -SEGV $$ ;; */003) sleep 98.76 ;; esac; done\n'
                         f'exec {WEFT} "$@"\n')
        flaky.chmod(0o755)
        run = ["run", "barrier", "-t", "model", "--ranks", 2, "-n", 5, "--fabric", "jitter=0.01", "--noise-probe", 0]
        out = self.folder / "c"
        repeated = weft("repeat", "-n", 6, "--timeout", 2, "--out", out, "--", WEFT, *run, "--vs", flaky, *run)
        self.assertEqual(repeated.returncode, 139, repeated.stderr)
        text = self.compared(out, code=REGRESSION)
        self.assertIn(f"no result in 2 of 6 launches: {out}/new/002 (exit code 139), {out}/new/003 (exit code 124)", text)
        self.assertIn("missing", text)
        self.compared(out / "base", out / "new", code=REGRESSION)
        campaign = json.loads((out / "campaign.json").read_text())
        for attempt in campaign["launches"]:  # as if the campaign had been interrupted then
            if attempt["folder"] in ("new/002", "new/003"):
                attempt.update(ended=None, exit_code=None)
        (out / "campaign.json").write_text(json.dumps(campaign))
        text = weft("compare", out, "--threshold", "50%").stdout
        self.assertIn("left out: " + str(out / "new/002") + " was cut off", text)
        self.assertNotIn("missing", text)

    def test_reports_are_read_back(self):
        base = self.campaign("base")
        now = self.campaign("new", factor=lambda row: 1.1 if row["bytes_per_rank"] == "64" else 1, seed=2)
        out = self.folder
        self.compared(base, now, "--json", out / "c.json", "--markdown", out / "c.md", "--junit", out / "c.xml",
                      "--google-benchmark", out / "gb", code=REGRESSION)
        report = json.loads((out / "c.json").read_text())
        self.assertEqual((report["exit_code"], report["counts"]["regressed"]), (REGRESSION, 1))
        self.assertEqual(report["points"][0]["bytes_per_rank"], 64)
        self.assertAlmostEqual(report["points"][0]["figures"]["ratio"], 1.1, delta=0.01)
        suite = ElementTree.parse(out / "c.xml").getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("skipped")), ("4", "1", "0"))
        self.assertEqual([case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None],
                         ["all_reduce 64 ring over model, 4 ranks, f32 sum"])
        self.assertTrue((out / "c.md").read_text().startswith("### weft: regression\n"))
        medians = {}
        for name in ("base", "new"):
            entries = json.loads((out / f"gb/{name}.json").read_text())["benchmarks"]
            self.assertEqual(len(entries), 4 * (8 + 4))
            medians[name] = {entry["run_name"]: entry["real_time"] for entry in entries
                             if entry.get("aggregate_name") == "median"}
        name = "all_reduce/ring/model/ranks:4/dtype:f32/op:sum/bytes:64"
        self.assertAlmostEqual(medians["new"][name] / medians["base"][name], 1.1, delta=0.01)
        self.assertEqual(json.loads(self.compared(base, now, "--json", "-", code=REGRESSION)), report)

    def test_bad_flags(self):
        base = self.campaign("base", launches=1)
        self.refused(base, base, "--threshold", "0", says=["--threshold", "3%"])
        self.refused(base, base, "--threshold", "nan", says=["--threshold"])
        self.refused(base, base, "--metric", "medain", says=["did you mean 'median'"])
        self.refused(base, base, "--confidence", "1", says=["--confidence"])
        self.refused(base, base, "-q", "0", says=["--false-discoveries"])
        other = self.campaign("other", launches=1, seed=2)
        self.refused(base, base, says=["are one launch"])
        self.refused(base, other, "--json", "-", "--markdown", "-", says=["given to two reports"])
        self.refused(base, other, "--json", self.folder / "absent/c.json", says=["absent/c.json", "cannot be written"])
        self.refused(base, self.folder / "absent", says=["absent", "No such file"])

    def test_damaged_files(self):
        good = self.campaign("good", launches=1)
        header = (good / "001/points.csv").read_bytes().split(b"\r\n")[0]

        def replaced(old, new, count=1):
            return lambda text: text.replace(old, new, count)

        points = {
            "cut": (lambda text: text[:len(text) * 2 // 3], ["points.csv, line", "cut in the middle"]),
            "header": (replaced(b"ranks", b"ranke"), ["points.csv, line 1", "'ranke'"]),
            "nan": (lambda text: text[:len(header)] + text[len(header):].replace(b",64,64,", b",nan,64,", 1),
                    ["points.csv, line", "'nan'"]),
            "duplicate": (lambda text: text + text.split(b"\r\n")[1] + b"\r\n", ["points.csv", "comes twice"]),
            "columns": (lambda text: text + b"," * 1_000_000 + b"\r\n", ["points.csv, line", "fields where the header has"]),
            "empty": (lambda text: b"", ["points.csv", "is empty"]),
            "binary": (lambda text: bytes(range(256)) * 100, ["points.csv"]),
        }
        samples = {
            "cut": (lambda text: text[:len(text) * 2 // 3], ["samples.csv, line", "cut in the middle"]),
            "fewer": (lambda text: b"\r\n".join(text.split(b"\r\n")[:-2]) + b"\r\n", ["samples.csv", "point 3", "19"]),
            "header": (replaced(b"iteration", b"iteratian"), ["samples.csv, line 1"]),
            "nan": (lambda text: text + b"0,20,nan" + b",0" * (text.split(b"\r\n")[0].count(b",") - 2) + b"\r\n",
                    ["samples.csv, line", "'nan'"]),
            "duplicate": (lambda text: text + text.split(b"\r\n")[1] + b"\r\n", ["samples.csv"]),
            "columns": (lambda text: text + b"," * 1_000_000 + b"\r\n", ["samples.csv, line"]),
            "stray": (lambda text: text + b"77" + text.split(b"\r\n")[1][1:] + b"\r\n", ["samples.csv"]),
        }
        for file, damages in (("points.csv", points), ("samples.csv", samples)):
            for name, (damage, says) in damages.items():
                with self.subTest(file=file, damage=name):
                    bad = self.folder / f"bad-{file}-{name}"
                    shutil.copytree(good, bad)
                    path = bad / "001" / file
                    path.write_bytes(damage(path.read_bytes()))
                    self.refused(good, bad, says=says)
                    self.refused(bad, good, says=says)

    def test_rows_and_samples_must_agree(self):
        good = self.campaign("good", launches=1)
        bad = self.campaign("bad", launches=1,
                            change=lambda row: row.update(time_us_median=row["time_us_min"], algbw_GBps="", wirebw_GBps="",
                                                          intranodebw_GBps=""))
        self.refused(good, bad, says=["samples.csv", "point 0", "median of its samples"])


if __name__ == "__main__":
    main()
