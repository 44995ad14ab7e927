"""The command line of scripts/plot.py."""

import argparse
import re
import sys
from pathlib import Path

from . import congest, curves, details, history, pairs, ratios, style, trace
from .runs import BadInput, operations_of, read_run, title_of

USAGE = 2


def parse(arguments):
    parser = argparse.ArgumentParser(prog="plot.py", description=__doc__ and "Draws run folders of weft as PNG and SVG.")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="a run folder; several are drawn side by side")
    parser.add_argument("--history", type=Path, metavar="FILE",
                        help="draw a history instead, which `weft history DIR --json FILE` has written")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="draw a trace instead, which `weft run --trace FILE` has written")
    parser.add_argument("--out", type=Path, help="folder for the pictures (default: plots/ in the first run, or beside FILE)")
    options = parser.parse_args(arguments)
    if [bool(options.runs), bool(options.history), bool(options.trace)].count(True) != 1:
        parser.error("give run folders, or --history FILE, or --trace FILE")
    return options


def name_runs_apart(runs):
    """Folders of the same name are told apart by their parents."""
    names = [run.name for run in runs]
    for run in runs:
        if names.count(run.name) > 1:
            run.name = "/".join(run.folder.resolve().parts[-2:])


def draw_all(runs, out):
    style.apply()
    looks = curves.Looks(runs)
    operations = operations_of(runs)
    written = []
    for operation in operations:
        name = re.sub(r"[^A-Za-z0-9_]+", "_", title_of(*operation))
        written += style.save(curves.draw_operation(runs, looks, operation), out, name)
        if columns := ratios.compared(runs, operation):
            written += style.save(ratios.draw(columns, operation), out, f"{name}_ratio")
    others = []
    for run in runs:
        for kind, pattern, drawings, columns, size, title, name in (
                ("traffic", "moe", details.traffic_drawings(run), 3, (5.0, 4.4), "moe: bytes from rank to rank", "traffic_map"),
                ("pairs", "pairs", pairs.drawings(run), 2, (5.4, 4.6), "pairs: every rank with every other", "pairs_map"),
                ("congest", "congest", congest.drawings(run), 2, (5.8, 3.4), "congest: beside aggressors / alone",
                 "congest_map"),
                ("pipeline", "pipeline", details.pipeline_drawings(run), 1, (9.5, 3.0), "pipeline: what each stage does",
                 "pipeline_timeline")):
            if not drawings:
                if pattern in set(run.points["pattern"]):
                    print(f"{run.folder}: no {kind}.json, or nothing in it to draw: no picture of it")
                continue
            suffix = "" if len(runs) == 1 else "_" + re.sub(r"[^A-Za-z0-9_.-]+", "_", run.name)
            written += style.save(details.draw_sheet(drawings, f"{title}   ({run.name})", columns, size), out,
                                  f"{name}{suffix}")
            if len(runs) == 1:
                others += details.one_per_schedule(run)[:3] if kind == "pipeline" else drawings[:2]
    written += style.save(curves.draw_overview(runs, looks, operations, others), out, "overview")
    return written


def draw_line_of_time(series, out):
    style.apply()
    return style.save(history.draw_history(series), out, "history")


def draw_trace(processes, out):
    style.apply()
    written = []
    for title, ranks in trace.points_of(processes).items():
        written += style.save(trace.draw_point(title, ranks), out, "trace_" + re.sub(r"[^A-Za-z0-9_]+", "_", title))
    return written


def main(arguments):
    options = parse(arguments)
    try:
        if options.history:
            out = options.out or options.history.parent / "plots"
            series = history.read_history(options.history)
        elif options.trace:
            out = options.out or options.trace.parent / "plots"
            processes = trace.read_trace(options.trace)
        else:
            runs = [read_run(folder) for folder in options.runs]
            name_runs_apart(runs)
            out = options.out or runs[0].folder / "plots"
        try:
            out.mkdir(parents=True, exist_ok=True)
            if options.trace:
                written = draw_trace(processes, out)
            else:
                written = draw_line_of_time(series, out) if options.history else draw_all(runs, out)
        except OSError as error:
            raise BadInput(f"{out}: pictures cannot be written there ({error.strerror})") from error
    except BadInput as error:
        print(f"plot.py: {error}", file=sys.stderr)
        return USAGE
    print(f"{len(written)} pictures in {out}: " + ", ".join(path.name for path in written if path.suffix == ".png"))
    return 0
