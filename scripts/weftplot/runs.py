"""Reads run folders."""

import csv
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

SCHEMA = 2


def count(text):
    return within_reach(int(text))


def figure(text):
    """Empty where it does not apply."""
    return within_reach(float(text)) if text else math.nan


def duration(text):
    return within_reach(float(text))


def flag(text):
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def within_reach(value):
    if not 0 <= value < math.inf:
        raise ValueError
    return value


def without_pause(notes):
    """loggp's pause follows from the size, and so makes no other kind of point."""
    return ";".join(note for note in notes.split(";") if not note.startswith("pause_ns="))


# The columns that are used, and what reads a field of each: ValueError where it cannot be one.
POINT_COLUMNS = {
    "point": count, "pattern": str, "operation": str, "algorithm": str, "transport": str, "ranks": count, "dtype": str,
    "op": str, "in_place": str, "bytes_per_rank": count, "bytes_per_peer": count, "iterations": count,
    "time_us_median": figure, "time_us_mean_of_ranks": figure, "time_us_median_low": figure, "time_us_median_high": figure,
    "time_us_p05": figure, "time_us_p95": figure, "busbw_GBps": figure, "imbalance": figure,
    "bubble": figure, "bubble_formula": figure,
    "sync": str, "oversubscribed": str, "status": str, "notes": without_pause,
}
SAMPLE_COLUMNS = {"point": count, "iteration": count, "completion_ns": duration, "slowest_rank": int,
                  "start_skew_ns": count, "valid": flag}
TO_EVERY_PEER = ("all_to_all", "all_to_allv", "dispatch", "combine")


class BadInput(Exception):
    """What the user gave cannot be drawn; the message is one sentence."""


@dataclass
class Run:
    folder: Path
    name: str
    info: dict
    points: pd.DataFrame  # measured points only
    traffic: list = field(default_factory=list)
    pipeline: list = field(default_factory=list)
    pairs: list = field(default_factory=list)
    congest: list = field(default_factory=list)


def read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: cannot be read as JSON ({error})") from error


def read_table(path, columns):
    """The rows of a CSV file, `columns` of them; each damaged field is named by its line."""
    rows = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = next(lines, [])
            for name in columns:
                if name not in header:
                    raise BadInput(f"{path}: lacks the column {name}")
                if header.count(name) > 1:
                    raise BadInput(f"{path}: has the column {name} twice")
            for fields in filter(None, lines):
                where = f"{path}, line {lines.line_num}"
                if len(fields) != len(header):
                    raise BadInput(f"{where}: has {len(fields)} fields where the header has {len(header)}")
                row = dict(zip(header, fields))
                rows.append([field_in(row, name, read, where) for name, read in columns.items()])
    except csv.Error as error:
        raise BadInput(f"{path}, line {lines.line_num}: cannot be read as CSV ({error})") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read as CSV ({error})") from error
    return pd.DataFrame(rows, columns=list(columns))


def field_in(row, name, read, where):
    try:
        return read(row[name])
    except ValueError as error:
        raise BadInput(f"{where}: '{row[name]}' is no value for the column {name}") from error


def read_points(folder):
    """In the order of the plan; the file has them in the order in which they were measured."""
    points = read_table(folder / "points.csv", POINT_COLUMNS).sort_values("point", kind="stable")
    twice = points[points.duplicated()]
    if not twice.empty:
        raise BadInput(f"{folder / 'points.csv'}: has the row of point {twice['point'].iloc[0]} twice")
    if (folder / "samples.csv").exists():
        read_table(folder / "samples.csv", SAMPLE_COLUMNS)  # not drawn, but where they are damaged the rows may be too
    # Of an imported row its log's mean is drawn: it has no median.
    points["imported"] = points["time_us_median"].isna()
    points["time_us_median"] = points["time_us_median"].fillna(points["time_us_mean_of_ranks"])
    return points[points["time_us_median"].notna() & points["status"].isin(["ok", "wrong"])]


def read_details(folder, name):
    """The points of traffic.json, pipeline.json, pairs.json or congest.json; empty where the run has none."""
    path = folder / f"{name}.json"
    if not path.exists():
        return []
    points = read_json(path)
    if not isinstance(points, dict) or not isinstance(points.get("points"), list):
        raise BadInput(f'{path}: should be an object with a list "points"')
    return points["points"]


def read_run(folder):
    folder = Path(folder)
    for name in ("run.json", "points.csv"):
        if not (folder / name).is_file():
            raise BadInput(f"{folder} is no run folder: {name} is missing")
    info = read_json(folder / "run.json")
    if not isinstance(info, dict) or info.get("schema") != SCHEMA:
        raise BadInput(f"{folder / 'run.json'}: is not of schema {SCHEMA}, which this script draws")
    points = read_points(folder)
    if points.empty:
        raise BadInput(f"{folder}: holds no measured point, so there is nothing to draw")
    return Run(folder, folder.resolve().name, info, points, read_details(folder, "traffic"),
               read_details(folder, "pipeline"), read_details(folder, "pairs"), read_details(folder, "congest"))


def is_barrier(operation):
    return operation == "barrier"


def size_of(points, operation):
    """The size axis: per peer for the all-to-all family, where the whole buffer grows with the ranks."""
    return points["bytes_per_peer" if operation in TO_EVERY_PEER else "bytes_per_rank"]


def per_whom(operation):
    return "per peer" if operation in TO_EVERY_PEER else "per rank"


def title_of(pattern, operation):
    return operation if pattern == operation else f"{pattern} {operation}"


def operations_of(runs):
    """(pattern, operation) in order of appearance over all runs."""
    seen = {}
    for run in runs:
        for pair in run.points[["pattern", "operation"]].itertuples(index=False):
            seen[tuple(pair)] = None
    return list(seen)
