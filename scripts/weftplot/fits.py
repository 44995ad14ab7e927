"""Fits of `weft check RUN --json RUN/fits.json`, drawn over the measured curves."""

import numpy as np

from . import style
from .runs import TO_EVERY_PEER, BadInput, read_json

KEY = ("pattern", "operation", "transport", "algorithm", "dtype", "op", "ranks")


def read_fits(folder):
    """The fits of a run; empty where it was not checked."""
    path = folder / "fits.json"
    if not path.exists():
        return []
    found = read_json(path)
    try:
        return [dict(fit, pieces=[{name: float(piece[name]) for name in ("from_bytes", "to_bytes", "latency_us",
                                                                         "us_per_byte")} for piece in fit["pieces"]],
                     key=tuple(fit[name] for name in KEY)) for fit in found["fits"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: is not what weft check writes ({error})") from error


def draw_fits(axes, run, operation):
    """Straight pieces T = latency + bytes / bandwidth as dotted lines, and a mark where one ends and another begins."""
    present = {tuple(row) for row in run.points[list(KEY)].itertuples(index=False, name=None)}
    for fit in read_fits(run.folder):
        if (fit["pattern"], fit["operation"]) != operation or fit["key"] not in present:
            continue
        per_size = 1 / fit["ranks"] if operation[1] in TO_EVERY_PEER else 1
        for number, piece in enumerate(fit["pieces"]):
            sizes = np.geomspace(piece["from_bytes"], piece["to_bytes"], 40)
            times = piece["latency_us"] + piece["us_per_byte"] * sizes
            axes.plot(sizes * per_size, times, color=style.INK, linewidth=1, linestyle=":", marker="", zorder=5)
            if number > 0:
                axes.axvline(piece["from_bytes"] * per_size, color=style.FAINT, linewidth=0.8, linestyle=":")
