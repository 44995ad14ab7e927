"""The same curves of several runs, or of one run's transports, on one scale, and below them how many times the first's
time each takes."""

import textwrap
from dataclasses import dataclass

import matplotlib.pyplot as plt
import pandas as pd

from . import style
from .curves import add_caption, band_of, caption_of, panel_legend
from .runs import per_whom, size_of, title_of

KIND = ["algorithm", "dtype", "op", "in_place", "ranks"]
BY_MORE_THAN_SIZE = ("moe", "pipeline", "congest")


@dataclass
class Column:
    name: str
    points: pd.DataFrame


def columns_of(runs):
    """A transport of a run each."""
    columns = []
    for run in runs:
        transports = list(dict.fromkeys(run.points["transport"]))
        for transport in transports:
            words = ([run.name] if len(runs) > 1 else []) + ([transport] if len(runs) == 1 or len(transports) > 1 else [])
            columns.append(Column(" ".join(words), run.points[run.points["transport"] == transport]))
    return columns


def curves_in(points, operation):
    """{kind: points by ascending size} of an operation, sizes above 0."""
    chosen = points[(points["pattern"] == operation[0]) & (points["operation"] == operation[1])]
    chosen = chosen.assign(size=size_of(chosen, operation[1]))
    chosen = chosen[(chosen["size"] > 0) & (chosen["time_us_median"] > 0)]
    return {kind: group.sort_values("size").drop_duplicates("size", keep="last").set_index("size")
            for kind, group in chosen.groupby(KIND, sort=False)}


def ratio_of(curve, base):
    """(ratio, low, high) by size, where both were measured; the band is the widest that the intervals allow."""
    sizes = curve.index.intersection(base.index)
    (low, high), (base_low, base_high) = band_of(curve.loc[sizes]), band_of(base.loc[sizes])
    return curve.loc[sizes, "time_us_median"] / base.loc[sizes, "time_us_median"], low / base_high, high / base_low


def compared(runs, operation):
    """[(column, its curves)] where the first has a curve that another has as well; else nothing."""
    if operation[0] in BY_MORE_THAN_SIZE:
        return []
    columns = [(column, curves_in(column.points, operation)) for column in columns_of(runs)]
    columns = [(column, curves) for column, curves in columns if curves]
    if len(columns) < 2:
        return []
    base = columns[0][1]
    shared = [kind for _, curves in columns[1:] for kind in curves
              if kind in base and len(curves[kind].index.intersection(base[kind].index)) > 1]
    return columns if shared else []


def label_of(column, kind, varying):
    words = [str(value) for name, value in zip(KIND, kind) if name in varying and name != "in_place" and value]
    return textwrap.shorten(" · ".join([column.name, *words]), 60, placeholder="…")


def draw(columns, operation):
    """Time above, ratios below."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.2, 7.0), sharex=True, layout="constrained")
    kinds = list(dict.fromkeys(kind for _, curves in columns for kind in curves))
    varying = {name for place, name in enumerate(KIND) if len({kind[place] for kind in kinds}) > 1}
    base = columns[0][1]
    sizes = []
    for number, (column, curves) in enumerate(columns):
        for kind, curve in curves.items():
            which = kinds.index(kind)
            look = {"color": style.PALETTE[number % len(style.PALETTE)], "linestyle": style.DASHES[which % len(style.DASHES)],
                    "marker": style.MARKERS[which % len(style.MARKERS)]}
            sizes += list(curve.index)
            above.plot(curve.index, curve["time_us_median"], label=label_of(column, kind, varying), **look)
            if kind in base:
                ratio, low, high = ratio_of(curve, base[kind])
                below.plot(ratio.index, ratio, **look)
                below.fill_between(ratio.index, low.astype(float), high.astype(float), color=look["color"], alpha=0.15, linewidth=0)
    style.log_axis(above, style.time_text, "time (median)")
    style.size_axis(below, sizes, f"bytes {per_whom(operation[1])}")
    below.axhline(1, color=style.INK, linewidth=0.8)
    below.set_yscale("log", base=2)
    below.yaxis.set_major_formatter(style.FuncFormatter(lambda value, _: f"× {value:.3g}"))
    below.set_ylabel(f"time / that of {textwrap.shorten(columns[0][0].name, 40, placeholder='…')}")
    panel_legend(above)
    figure.suptitle(f"{title_of(*operation)}: " + ", ".join(column.name for column, _ in columns), x=0.012, ha="left",
                    fontsize=12, fontweight="bold")
    add_caption(figure, caption_of(pd.concat([column.points for column, _ in columns])))
    return figure
