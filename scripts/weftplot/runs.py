"""Reads run folders."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

SCHEMA = 1
NEEDED_COLUMNS = [
    "point", "pattern", "operation", "algorithm", "transport", "ranks", "dtype", "op", "in_place", "bytes_per_rank",
    "bytes_per_peer", "iterations", "time_us_median", "time_us_p05", "time_us_p95", "busbw_GBps", "imbalance", "bubble", "bubble_formula",
    "status", "notes",
]
TEXT_COLUMNS = ["pattern", "operation", "algorithm", "transport", "dtype", "op", "status", "notes", "reason", "wrong"]
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


def read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: cannot be read as JSON ({error})") from error


def read_points(path):
    try:
        text = {name: str for name in TEXT_COLUMNS}
        points = pd.read_csv(path, dtype=text, keep_default_na=True)
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise BadInput(f"{path}: cannot be read as CSV ({str(error).strip()})") from error
    for name in NEEDED_COLUMNS:
        if name not in points.columns:
            raise BadInput(f"{path}: lacks the column {name}")
    for name in TEXT_COLUMNS:
        if name in points.columns:
            points[name] = points[name].fillna("")
    for name in ("bytes_per_rank", "bytes_per_peer", "iterations", "time_us_median", "time_us_p05", "time_us_p95",
                 "busbw_GBps", "ranks", "point"):
        if not pd.api.types.is_numeric_dtype(points[name]) and len(points):
            raise BadInput(f"{path}: the column {name} holds what is no number")
    return points[points["time_us_median"].notna() & points["status"].isin(["ok", "wrong"])]


def read_details(folder, name):
    """The points of traffic.json or pipeline.json; empty where the run has none."""
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
    points = read_points(folder / "points.csv")
    if points.empty:
        raise BadInput(f"{folder}: holds no measured point, so there is nothing to draw")
    return Run(folder, folder.resolve().name, info, points, read_details(folder, "traffic"),
               read_details(folder, "pipeline"))


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
