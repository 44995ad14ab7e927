"""scripts/plot.py draws a run folder whose rows weft wrote, and refuses what is none in one sentence."""

import contextlib
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import pandas as pd
from matplotlib.figure import Figure

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))
from weftplot import command, curves, details, ratios, skew, style  # noqa: E402
from weftplot.runs import read_run  # noqa: E402

POINTS = (SOURCE / "tests/unit/results/golden/csv.txt").read_bytes()
EVENTS = [{"stage": stage, "kind": kind, "micro_batch": batch, "start_us": 3000 * batch + 1000 * stage + start,
           "end_us": 3000 * batch + 1000 * stage + start + 900}
          for stage in range(2) for batch in range(3) for kind, start in (("F", 0), ("B", 1000))]


def make_run(folder, points=POINTS, info='{"schema": 2, "configuration": {}}'):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(info)
    (folder / "points.csv").write_bytes(points)
    traffic = [{"point": 6, "operation": "dispatch", "ranks": 2, "bytes": [[1 << 20, 2 << 20], [3 << 20, 0]]}]
    pipeline = [{"point": 7, "schedule": "1f1b", "stages": 2, "micro_batches": 3, "events": EVENTS}]
    (folder / "traffic.json").write_text(json.dumps({"points": traffic}))
    (folder / "pipeline.json").write_text(json.dumps({"points": pipeline}))
    return folder


def script(*arguments):
    """scripts/plot.py as a user starts it."""
    words = [sys.executable, str(SOURCE / "scripts/plot.py"), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def plot(*arguments):
    """The same within this process, since matplotlib takes longer to load than most pictures to draw."""
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()) as complained:
        code = command.main([str(argument) for argument in arguments])
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), complained.getvalue())


def save_as_svg(figure, folder, name):
    """What the texts of a picture are read from; the test of the script itself sees that there is a PNG too."""
    path = folder / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None})
    style.plt.close(figure)
    return [path]


DUAL = [{"stage": 0, "kind": kind, "micro_batch": batch, "chunk": chunk, "start_us": start, "end_us": start + 1000}
        for kind, batch, chunk, start in (("F", 0, 0, 0), ("F", 1, 1, 1000), ("B", 0, 0, 1000), ("I", 1, 1, 2000), ("W", 1, 1, 3000))]


class PlotTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def test_draws_everything_as_png_and_svg(self):
        run = make_run(self.folder / "run")
        done = script(run)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("overview", "all_reduce", "all_to_all", "barrier", "moe_dispatch", "pipeline", "traffic_map",
                     "pipeline_timeline"):
            self.assertEqual((run / "plots" / f"{name}.png").read_bytes()[:4], b"\x89PNG", name)
            self.assertIn("<svg", (run / "plots" / f"{name}.svg").read_text(), name)

    def test_draws_two_runs_side_by_side_elsewhere(self):
        first, second = make_run(self.folder / "a/run"), make_run(self.folder / "b/run")
        (second / "traffic.json").unlink()
        done = plot(first, second, "--out", self.folder / "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no traffic.json", done.stdout)
        picture = (self.folder / "out/all_reduce.svg").read_text()
        self.assertIn("a/run", picture)
        self.assertIn("b/run", picture)

    def draw(self, run):
        """The pictures of a run as the text of their SVG, and what plot.py said."""
        with mock.patch.object(style, "save", save_as_svg):
            done = plot(run)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {path.stem: path.read_text() for path in (run / "plots").glob("*.svg")}, done.stdout

    def test_draws_a_curve_from_two_sizes_on_and_names_the_size_of_bars(self):
        lines = POINTS.split(b"\r\n")
        one, two = lines[2:4]
        halves = [line.replace(b",f32,", b",bf16,") for line in (one, two)]

        def picture(name, *rows):
            return self.draw(make_run(self.folder / name, b"\r\n".join([lines[0], *rows, b""])))[0]["all_reduce"]

        curve = picture("two", one, two)
        self.assertIn(">bytes per rank<", curve)
        self.assertEqual(curve.count(">shm · ring<"), 2, "the legends of time and bandwidth, no bars")
        types = picture("types", one, two, *halves)
        for dtype in ("f32", "bf16"):
            self.assertEqual(types.count(f">shm · ring · {dtype}<"), 2, dtype)
        self.assertEqual(curve.count("stroke-dasharray"), 0)
        self.assertGreater(types.count("stroke-dasharray"), 0, "the second type has a look of its own")
        bars = picture("one", one, halves[0])
        self.assertEqual(bars.count(", 1 MiB per rank<"), 2)
        longer = one.replace(b",1048576,1048576,1572864,", b",2097152,2097152,3145728,")
        paused = [line.replace(b",ok,,,", b",ok,,pause_ns=%d," % pause) for line, pause in ((one, 900), (longer, 1800))]
        self.assertEqual(picture("paused", *paused).count(">shm · ring<"), 2, "a pause that follows from the size is no other curve")
        nothing = one.replace(b",1048576,1048576,1572864,", b",0,0,0,")
        self.assertIn(">shm · ring · 0 B<", picture("nothing", one, nothing))

    def test_the_heat_map_tells_its_own_imbalance_and_the_tables(self):
        lines = POINTS.split(b"\r\n")
        dispatch = lines[7].replace(b"lognormal,1.3", b"lognormal 1.3;routings=4")
        combine = dispatch.replace(b"6,moe,dispatch", b"7,moe,combine")
        run = make_run(self.folder / "run", b"\r\n".join([lines[0], dispatch, combine, b""]))
        there, back = [[1 << 20, 3 << 20], [(1 << 20) - 1024, 2]], [[1 << 20, (1 << 20) - 1024], [3 << 20, 2]]
        (run / "traffic.json").write_text(json.dumps({"points": [
            {"point": 6, "operation": "dispatch", "ranks": 2, "bytes": there},
            {"point": 7, "operation": "combine", "ranks": 2, "bytes": back}]}))
        picture = self.draw(run)[0]["traffic_map"]
        self.assertIn("dispatch: received, max/mean 1.200", picture)
        self.assertIn("combine: sent, max/mean 1.200", picture)
        self.assertEqual(picture.count("first of 4 routings; mean of all 1.250"), 2)
        self.assertIn(">1.00<", picture)
        self.assertNotIn("e+0", picture)

    def test_draws_the_impact_of_aggressors(self):
        run = make_run(self.folder / "run")
        point = {"point": 0, "transport": "tcp", "victim": "pingpong", "aggressor": "incast", "bytes": 8, "dtype": "f32",
                 "impact_median": 3.25, "impact_p99": None}
        others = [{**point, "aggressor": "alone"}, {**point, "aggressor": "broadcast", "impact_median": None}]
        del others[0]["impact_median"]
        (run / "congest.json").write_text(json.dumps({"points": [point, *others]}))
        picture = self.draw(run)[0]["congest_map"]
        for text in ("median over tcp", "incast", "× 3.25"):
            self.assertIn(f">{text}<", picture)
        self.assertNotIn("p99", picture, "there is none")
        (run / "congest.json").write_text(json.dumps({"points": [{**point, "impact_median": -1}]}))
        self.refuse(run, "congest.json", "impact above 0")

    def test_draws_the_ratios_of_two_runs(self):
        lines = POINTS.split(b"\r\n")
        rows = b"\r\n".join([lines[0], *lines[2:4], b""])
        first, second = make_run(self.folder / "a", rows), make_run(self.folder / "b", rows)
        with mock.patch.object(style, "save", save_as_svg):
            done = plot(first, second, "--out", self.folder / "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        picture = (self.folder / "out/all_reduce_ratio.svg").read_text()
        self.assertIn(">time / that of a<", picture)
        columns = ratios.compared([read_run(first), read_run(second)], ("all_reduce", "all_reduce"))
        (_, base), (_, other) = columns
        [kind] = base
        ratio, low, high = ratios.ratio_of(other[kind].assign(time_us_median=lambda c: 2 * c["time_us_median"]), base[kind])
        self.assertEqual(set(ratio), {2.0})
        self.assertEqual(ratios.compared([read_run(first)], ("all_reduce", "all_reduce")), [], "one transport")

    def test_the_timeline_tells_passes_and_chunks_apart(self):
        run = make_run(self.folder / "run")
        plain = self.draw(run)[0]["pipeline_timeline"]
        self.assertNotIn(">chunk 0<", plain)
        (run / "pipeline.json").write_text(json.dumps({"points": [
            {"point": 7, "schedule": "dualpipe", "stages": 1, "micro_batches": 2, "events": DUAL}]}))
        picture = self.draw(run)[0]["pipeline_timeline"]
        for text in ("forward", "backward", "input gradient", "weight gradient", "chunk 0", "chunk 1"):
            self.assertIn(f">{text}<", picture)
        fills = {event["kind"] + str(event["chunk"]): "#%02x%02x%02x" % tuple(
            round(255 * part) for part in details.shade_of(event["kind"], event["chunk"], 2)) for event in DUAL}
        self.assertEqual(len(set(fills.values())), 5)
        for fill in fills.values():
            self.assertIn(f"fill: {fill}", picture)

    def test_draws_several_routers_as_slowdown_against_max_over_mean(self):
        lines = POINTS.split(b"\r\n")
        names = lines[0].decode().split(",")
        row = dict(zip(names, lines[7].decode().split(",")))
        self.assertEqual(row["imbalance"], "1.25")
        self.assertIn("lognormal", lines[7].decode())

        def with_router(imbalance, router):
            fields = dict(row, imbalance=imbalance, notes=f"router={router}")
            return ",".join(fields[name] for name in names).encode()

        one = self.draw(make_run(self.folder / "one", b"\r\n".join([lines[0], with_router("1.25", "hash:1"), b""])))[0]
        self.assertNotIn("max/mean over ranks of the tokens", one["moe_dispatch"])
        rows = [with_router("1.25", "lognormal:1.3"), with_router("2.5", "lognormal:3")]
        two = self.draw(make_run(self.folder / "two", b"\r\n".join([lines[0], *rows, b""])))[0]
        self.assertIn("max/mean over ranks of the tokens", two["moe_dispatch"])
        self.assertIn("time over that at 1.25", two["moe_dispatch"])
        self.assertIn("lognormal:3<", two["moe_dispatch"], "bars of bandwidth are told apart by the router")

    def test_misses_a_picture_only_of_what_was_measured(self):
        lines = POINTS.split(b"\r\n")
        for name, row, missing in (("barrier", lines[5], []), ("moe", lines[7], ["traffic"]),
                                   ("pipeline", lines[8], ["pipeline"])):
            run = make_run(self.folder / name, b"\r\n".join([lines[0], row, b""]))
            (run / "traffic.json").unlink()
            (run / "pipeline.json").unlink()
            said = self.draw(run)[1]
            self.assertEqual([kind for kind in ("traffic", "pipeline") if f"no {kind}.json" in said], missing, said)

    def test_draws_the_fits_of_weft_check(self):
        run = make_run(self.folder / "run")
        plain = self.draw(run)[0]["all_reduce"]
        fit = {"pattern": "all_reduce", "operation": "all_reduce", "algorithm": "ring", "transport": "shm", "ranks": 4,
               "dtype": "f32", "op": "sum", "in_place": False}
        pieces = [{"from_bytes": size, "to_bytes": 2 * size, "latency_us": 5, "us_per_byte": 1e-4}
                  for size in (1 << 19, 1 << 20)]
        (run / "fits.json").write_text(json.dumps({"fits": [dict(fit, pieces=pieces)]}))
        self.assertGreater(self.draw(run)[0]["all_reduce"].count("stroke-dasharray"), plain.count("stroke-dasharray"))
        (run / "fits.json").write_text('{"fits": [{"pieces": 3}]}')
        self.refuse(run, "fits.json", "weft check")

    def refuse(self, run, *words):
        done = plot(run)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_the_script_ends_with_the_code_of_a_refusal(self):
        done = script(self.folder / "absent")
        self.assertEqual((done.returncode, len(done.stderr.strip().splitlines())), (2, 1), done.stderr)

    def test_refuses_what_is_no_run(self):
        self.refuse(self.folder / "absent", "is no run folder", "run.json is missing")
        self.refuse(make_run(self.folder / "schema", info='{"schema": 9}'), "schema 2")
        self.refuse(make_run(self.folder / "json", info='{"schema"'), "run.json", "JSON")

    def test_refuses_what_is_there_twice(self):
        lines = POINTS.split(b"\r\n")
        self.refuse(make_run(self.folder / "row", b"\r\n".join([*lines[:2], *lines[1:]])), "points.csv: has the row of point 0 twice")
        twice = [line.split(b",")[0] + b"," + line if line else line for line in lines]
        self.refuse(make_run(self.folder / "column", b"\r\n".join(twice)), "points.csv: has the column point twice")

    def test_refuses_damaged_rows(self):
        lines = POINTS.split(b"\r\n")
        self.refuse(make_run(self.folder / "empty", lines[0] + b"\r\n"), "no measured point")
        self.refuse(make_run(self.folder / "nothing", b""), "points.csv")
        self.refuse(make_run(self.folder / "column", POINTS.replace(b"busbw_GBps", b"busbw")), "busbw_GBps")
        self.refuse(make_run(self.folder / "number", POINTS.replace(b",10,,,8,12,", b",ten,,,8,12,")),
                    "points.csv, line 2: 'ten' is no value for the column time_us_median")
        for wrong in (b"-10", b"nan", b"inf"):
            lines[3] = POINTS.split(b"\r\n")[3].replace(b",10,,,8,12,", b"," + wrong + b",,,8,12,")
            self.refuse(make_run(self.folder / wrong.decode(), b"\r\n".join(lines)),
                        f"points.csv, line 4: '{wrong.decode()}' is no value for the column time_us_median")
        self.refuse(make_run(self.folder / "cut", POINTS[:-20]), "points.csv, line 13: has", "where the header has")
        self.refuse(make_run(self.folder / "quote", POINTS.replace(b'1.3"', b"1.3")), "points.csv, line ", "as CSV")

    def test_refuses_damaged_samples(self):
        run = make_run(self.folder / "run")
        header = "point,iteration,completion_ns,slowest_rank,start_skew_ns,valid\r\n"
        rows = "0,0,8000,-1,0,true\r\n0,1,{},1,40,{}\r\n"
        (run / "samples.csv").write_text(header + rows.format(12000.5, "false"))
        self.draw(run)
        for wrong in ("abc", "-5", "nan", ""):
            (run / "samples.csv").write_text(header + rows.format(wrong, "true"))
            self.refuse(run, f"samples.csv, line 3: '{wrong}' is no value for the column completion_ns")
        (run / "samples.csv").write_text(header + rows.format(12000, "yes"))
        self.refuse(run, "samples.csv, line 3: 'yes' is no value for the column valid")

    def test_says_what_the_band_is_and_how_the_ranks_were_started(self):
        lines = POINTS.split(b"\r\n")
        without = lines[12].replace(b",52.005,51.8,52.21,", b",52.005,,,")
        points = read_run(make_run(self.folder / "run", b"\r\n".join([*lines[:12], without, b""]))).points
        self.assertEqual(list(points["point"]), [0, 1, 2, 4, 5, 6, 7, 8, 9, 11], "failed points are not drawn")
        low, high = curves.band_of(points[points["point"] >= 8])
        self.assertEqual(list(low), [51.8, 51.81, 50.1995])
        self.assertEqual(list(high), [52.21, 52.22, 53.8005])
        names = {number: curves.time_label(points[points["point"] == number], "band") for number in (0, 9, 11)}
        self.assertEqual(names, {0: "time (median)", 9: "time (median, band 95 % interval)",
                                 11: "time (median, band p5–p95)"})
        self.assertIn("n = 5…400 samples a point, each started at an agreed time (sync round-time)",
                      curves.caption_of(points))
        for operation, share in (("stream", "a 64th of it with 64 messages and their answer"), ("pingpong", "half of it there and back")):
            self.assertIn(f"first rank's start, of {operation} {share} · GB/s", curves.caption_of(points.assign(operation=operation)))

    def test_draws_the_theory_beside_the_slowdown(self):
        points = pd.DataFrame({"imbalance": [2.0, 1.0, 4.0], "time_us_median": [18.0, 10.0, 41.0], "transport": "model",
                               "algorithm": "linear", "dtype": "fp8", "ranks": 8})

        class Plain:
            def of(self, pattern, series):
                return {}

        axes = Figure().subplots()
        skew.draw_skew(axes, points, Plain(), "moe")
        lines = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()}
        self.assertEqual(lines["theory: max/mean"], ([1, 2, 4], [1, 2, 4]))
        self.assertEqual(lines["model · linear"], ([1, 2, 4], [1, 1.8, 4.1]))

    def history(self, **changes):
        """The file of a history of nine days, in which 64 KiB grow slower on the sixth."""
        point = {"pattern": "all_reduce", "operation": "all_reduce", "algorithm": "ring", "transport": "shm", "ranks": 4,
                 "bytes_per_rank": 65536, "label": "all_reduce 64K", "configuration_hash": "c0ffee", "entries": list(range(9)),
                 "time_us": [10, 10, 10, 10, 10, 13, 13, 13, 13], "changes": [{"index": 5, "ratio": 1.3}]}
        flat = {**point, "bytes_per_rank": 8, "time_us": [2] * 9, "changes": []}
        days = [{"name": f"day{n}", "started": f"2026-01-0{n}T00:00:00Z", "launches": 10} for n in range(1, 10)]
        path = self.folder / "history.json"
        path.write_text(json.dumps({"schema": 1, "entries": days, "points": [{**point, **changes}, flat]}))
        return path

    def test_draws_a_history_with_its_changes(self):
        done = plot("--history", self.history())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.folder / "plots/history.png").read_bytes()[:4], b"\x89PNG")
        picture = (self.folder / "plots/history.svg").read_text()
        for word in ("all_reduce · ring · shm · 4 ranks", ">64 KiB<", ">8 B<", ">×1.3<", ">2026-01-01<", "1 changes of level"):
            self.assertIn(word, picture)

    def test_refuses_histories_that_are_none(self):
        path = self.history()
        cut = path.read_text()[:-9]
        for text, word in ((self.history(time_us=[1]).read_text(), "as many"), (self.history(entries=[9] * 9).read_text(), "an entry"),
                           (self.history(changes=[{"index": 9, "ratio": 1}]).read_text(), "a change"), (cut, "JSON")):
            path.write_text(text)
            done = plot("--history", path)
            self.assertEqual((done.returncode, len(done.stderr.strip().splitlines())), (2, 1), done.stderr)
            self.assertIn(word, done.stderr)

    def test_refuses_a_folder_that_cannot_be_written(self):
        run = make_run(self.folder / "run")
        done = plot(run, "--out", run / "run.json" / "plots")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot be written", done.stderr)


if __name__ == "__main__":
    unittest.main()
