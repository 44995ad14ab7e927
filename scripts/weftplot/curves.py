"""Latency and bandwidth against size."""

import textwrap

import matplotlib.pyplot as plt
import pandas as pd

from . import style
from .fits import draw_fits
from .runs import is_barrier, per_whom, size_of, title_of
from .skew import draw_skew, is_skew_curve, router_of

SERIES = ["transport", "algorithm", "dtype", "op", "in_place", "ranks", "notes"]


TEXTS = {"time_us_median": style.time_text, "busbw_GBps": "{:.3g}".format, "bubble": "{:.1%}".format}
LABELS = {"busbw_GBps": "bus bandwidth, GB/s", "bubble": "share of the time that a stage idles (mark: formula)"}


def values_of(operation):
    """What is drawn of an operation: a barrier moves nothing, and a pipeline's time is mostly its compute."""
    if is_barrier(operation[1]):
        return ["time_us_median"]
    return ["time_us_median", "bubble" if operation[0] == "pipeline" else "busbw_GBps"]


def band_of(points):
    """(low, high) of the time: the 95 % interval of the median where there is one, else p5 to p95."""
    interval = points["time_us_median_low"].notna() & points["time_us_median_high"].notna()
    return (points["time_us_median_low"].where(interval, points["time_us_p05"]),
            points["time_us_median_high"].where(interval, points["time_us_p95"]))


def band_name(points):
    """What band_of gives of these points, in words; empty where it gives nothing."""
    interval = points["time_us_median_low"].notna() & points["time_us_median_high"].notna()
    percentiles = ~interval & points["time_us_p05"].notna() & points["time_us_p95"].notna()
    names = ["95 % interval"] * bool(interval.any()) + ["p5–p95"] * bool(percentiles.any())
    return " or ".join(names)


def time_label(points, mark):
    name = band_name(points)
    return f"time (median, {mark} {name})" if name else "time (median)"


class Looks:
    """Colour by transport, dash and marker by what else tells series apart, the same in every panel."""

    KIND = ["algorithm", "dtype", "op", "in_place"]

    def __init__(self, runs):
        every = pd.concat([run.points for run in runs])
        self.transports = list(dict.fromkeys(every["transport"]))
        self.kinds = {}
        for (pattern, _), group in every.groupby(["pattern", "operation"], sort=False):
            for index, kind in enumerate(dict.fromkeys(group[self.KIND].itertuples(index=False, name=None))):
                self.kinds[(pattern, kind)] = index

    def of(self, pattern, series):
        which = self.kinds[(pattern, tuple(series[name] for name in self.KIND))]
        return {"color": style.PALETTE[self.transports.index(series["transport"]) % len(style.PALETTE)],
                "linestyle": style.DASHES[which % len(style.DASHES)],
                "marker": style.MARKERS[which % len(style.MARKERS)]}


def series_of(points):
    """(what identifies the series, its points by size); duplicates of a size keep the later one."""
    for key, group in points.groupby(SERIES, sort=False, dropna=False):
        yield dict(zip(SERIES, key)), group


def label_of(series, varying):
    words = [series["transport"], series["algorithm"]]
    words += [str(series[name]) for name in ("dtype", "op") if name in varying and series[name]]
    if "in_place" in varying and series["in_place"] == "true":
        words.append("in place")
    if "ranks" in varying:
        words.append(f"{series['ranks']} ranks")
    if "notes" in varying:
        words.append(router_of(series["notes"]) or str(series["notes"]).replace(";", " "))
    return textwrap.shorten(" · ".join(words), 60, placeholder="…")


def varying_columns(points):
    return {name for name in SERIES if points[name].nunique(dropna=False) > 1}


def draw_bars(axes, points, looks, pattern, operation, value):
    """One size (moe, pipeline) or none (barrier): a bar per series reads better than a lone dot."""
    points = points.drop_duplicates([*SERIES, "bytes_per_rank"], keep="last")
    varying = varying_columns(points)
    sizes = [style.bytes_text(size) for size in size_of(points, operation)]
    several = len(set(sizes)) > 1  # a size of no bytes has no place on the curves' axis
    labels = []
    lows, highs = band_of(points)
    for index, (_, row) in enumerate(points.iterrows()):
        labels.append(label_of(row, varying) + (f" · {sizes[index]}" if several else ""))
        axes.barh(index, row[value], height=0.55, color=looks.of(pattern, row)["color"], alpha=0.85)
        text = TEXTS[value](row[value])
        far = row[value]
        if value == "bubble" and row["bubble_formula"] >= 0:
            axes.plot([row["bubble_formula"]] * 2, [index - 0.36, index + 0.36], color=style.INK, linewidth=2)
            far = max(far, row["bubble_formula"])
        if value == "time_us_median" and highs.iloc[index] > 0:
            axes.plot([lows.iloc[index], highs.iloc[index]], [index, index], color=style.INK, linewidth=1.4)
            far = max(far, highs.iloc[index])
        axes.annotate(text, (far, index), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    far = highs.max() if value == "time_us_median" and highs.notna().any() else 0
    axes.set_xlim(0, 1.3 * max(points[value].max(), far))
    axes.xaxis.set_major_locator(plt.MaxNLocator(4))
    axes.grid(False, axis="y")
    at = "" if several or is_barrier(operation) else f", {sizes[0]} {per_whom(operation)}"
    if value == "time_us_median":
        axes.xaxis.set_major_formatter(style.FuncFormatter(lambda v, _: style.time_text(v) if v else "0"))
        axes.set_xlabel(time_label(points, "line") + at)
    else:
        axes.set_xlabel(LABELS[value] + at)


def draw_curves(axes, points, looks, pattern, operation, value):
    """One line per series with its band; returns the lines' labels."""
    varying = varying_columns(points)
    sizes = size_of(points, operation)
    for series, group in series_of(points[sizes > 0]):
        group = group.assign(size=size_of(group, operation)).sort_values("size").drop_duplicates("size", keep="last")
        group = group[group[value].notna() & (group[value] > 0)]
        if group.empty:
            continue
        look = looks.of(pattern, series)
        axes.plot(group["size"], group[value], label=label_of(series, varying), **look)
        low, high = band_of(group)
        if value != "time_us_median":  # bytes over time: the band follows from the times' own
            low, high = (group[value] * group["time_us_median"] / edge for edge in (high, low))
        axes.fill_between(group["size"], low, high, color=look["color"], alpha=0.15, linewidth=0)
    style.size_axis(axes, sizes, f"bytes {per_whom(operation)}")
    if value == "time_us_median":
        style.log_axis(axes, style.time_text, time_label(points, "band"))
    else:
        style.log_axis(axes, style.bandwidth_text, "bus bandwidth, GB/s")


def draw_panel(axes, run, looks, operation, value="time_us_median"):
    """One operation of one run; says whether there are figures."""
    pattern, name = operation
    points = run.points[(run.points["pattern"] == pattern) & (run.points["operation"] == name)]
    points = points[points[value].notna() & (points[value] >= 0)]
    if points.empty:
        axes.text(0.5, 0.5, "not measured", ha="center", va="center", color=style.FAINT, transform=axes.transAxes)
        axes.set_xticks([])
        axes.set_yticks([])
        return False
    if value == "time_us_median" and is_skew_curve(points):
        draw_skew(axes, points, looks, pattern)
        return True
    sizes = size_of(points, name)
    draw = draw_bars if sizes[sizes > 0].nunique() < 2 else draw_curves
    draw(axes, points, looks, pattern, name, value)
    if draw is draw_curves and value == "time_us_median":
        draw_fits(axes, run, operation)
    return True


def share_scales(row):
    """The same y range for the runs side by side, so that heights compare."""
    logs = [axes for axes in row if axes.get_yscale() == "log"]
    if len(logs) < 2:
        return
    low = min(axes.get_ylim()[0] for axes in logs)
    high = max(axes.get_ylim()[1] for axes in logs)
    for axes in logs:
        axes.set_ylim(low, high)


def panel_legend(axes):
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="best", handlelength=2.8, labelspacing=0.3)


STARTS = {"round-time": "at an agreed time", "barrier": "by weft's own dissemination barrier",
          "native": "by the transport's own barrier", "none": "as soon as the one before had ended"}
SHARES = {"pingpong": "half of it there and back", "stream": "a 64th of it with 64 messages and their answer"}


def caption_of(points):
    """n and how the ranks were started together: no figure without."""
    low, high = int(points["iterations"].min()), int(points["iterations"].max())
    count = f"n = {low}" if low == high else f"n = {low}…{high}"
    starts = " or ".join(f"{STARTS.get(sync, sync)} (sync {sync})" for sync in dict.fromkeys(points["sync"]) if sync)
    ranks = ", ".join(str(r) for r in sorted(points["ranks"].unique()))
    text = f"{ranks} ranks · {count} samples a point" + (f", each started {starts}" if starts else "")
    shares = [f", of {name} {SHARES[name]}" for name in dict.fromkeys(points["operation"]) if name in SHARES]
    text += f" · time = last rank's end − first rank's start{''.join(shares)} · GB/s = 10⁹ B/s"
    if "imported" in points and points["imported"].any():
        text += " · of imported logs the mean over iterations and ranks"
    if points["oversubscribed"].eq("true").any():
        text += " · more ranks than cores"
    return text


def draw_operation(runs, looks, operation):
    """Time above bandwidth, runs side by side."""
    values = values_of(operation)
    chosen = [r for r in runs if ((r.points["pattern"] == operation[0]) & (r.points["operation"] == operation[1])).any()]
    columns = len(values) if len(chosen) == 1 else len(chosen)
    rows = 1 if len(chosen) == 1 else len(values)
    figure, grid = plt.subplots(rows, columns, figsize=(max(6.4, 5.4 * columns), 4.0 * rows + 0.7), squeeze=False,
                                layout="constrained")
    for number, run in enumerate(chosen):
        for index, value in enumerate(values):
            axes = grid[0][index] if len(chosen) == 1 else grid[index][number]
            draw_panel(axes, run, looks, operation, value)
            panel_legend(axes)
            if len(chosen) > 1:
                axes.set_title(textwrap.shorten(run.name, 40, placeholder="…"))
    for row in grid if len(chosen) > 1 else []:
        share_scales(row)
    name = title_of(*operation)
    figure.suptitle(name if len(chosen) > 1 else f"{name}   ({chosen[0].name})", x=0.012, ha="left", fontsize=13,
                    fontweight="bold")
    points = pd.concat([r.points[(r.points["pattern"] == operation[0]) & (r.points["operation"] == operation[1])]
                        for r in chosen])
    add_caption(figure, caption_of(points))
    return figure


def add_caption(figure, text):
    """Below everything, in lines that fit the figure."""
    width = int(figure.get_size_inches()[0] * 17)
    figure.supxlabel("\n".join(textwrap.wrap(text, width)), x=0.012, ha="left", fontsize=7.5, color=style.FAINT)


def draw_overview(runs, looks, operations, others):
    """A panel per operation, and one for each further drawing: (title, function of axes)."""
    panels = [(operation, run) for operation in operations for run in runs]
    count = len(panels) + len(others)
    columns = len(runs) if len(runs) > 1 else min(3, count)
    rows = -(-count // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(5.2 * columns, 3.5 * rows + 0.8), squeeze=False,
                                layout="constrained")
    flat = list(grid.flat)
    for axes, (operation, run) in zip(flat, panels):
        draw_panel(axes, run, looks, operation)
        panel_legend(axes)
        title = title_of(*operation)
        axes.set_title(title if len(runs) == 1 else f"{title} · {textwrap.shorten(run.name, 28, placeholder='…')}")
    for axes, (title, draw) in zip(flat[len(panels):], others):
        draw(axes)
        axes.set_title(title)
    for axes in flat[count:]:
        axes.set_visible(False)
    if len(runs) > 1:
        for row in grid:
            share_scales([axes for axes in row if axes.get_visible()])
    figure.suptitle("weft: " + ", ".join(run.name for run in runs), x=0.012, ha="left", fontsize=14, fontweight="bold")
    add_caption(figure, caption_of(pd.concat([run.points for run in runs])))
    return figure
