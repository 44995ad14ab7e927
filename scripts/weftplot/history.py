"""Points through time, with their changes of level: what `weft history DIR --json FILE` writes."""

import math

import matplotlib.pyplot as plt

from . import style
from .runs import BadInput, read_json

SCHEMA = 1
GROUP = ("pattern", "operation", "algorithm", "transport", "ranks", "configuration_hash")
MOST_TICKS = 8


def require(condition, path, sentence):
    if not condition:
        raise BadInput(f"{path}: {sentence}")


def is_index(value, length):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < length


def is_positive(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf


def check_point(point, entries, path):
    require(isinstance(point, dict) and all(name in point for name in (*GROUP, "bytes_per_rank", "label")), path,
            "a point lacks what tells it from the others")
    times, places, changes = (point.get(name) for name in ("time_us", "entries", "changes"))
    require(all(isinstance(part, list) for part in (times, places, changes)) and len(times) == len(places), path,
            f"'{point['label']}' should have as many 'time_us' as 'entries', and a list 'changes'")
    require(all(is_positive(time) for time in times), path, f"'{point['label']}' has a time that is none")
    require(all(is_index(place, len(entries)) for place in places), path,
            f"'{point['label']}' has an entry that is not in the history")
    require(all(isinstance(change, dict) and is_index(change.get("index"), len(times)) and is_positive(change.get("ratio"))
                for change in changes), path, f"'{point['label']}' has a change that is none")


def read_history(path):
    history = read_json(path)
    require(isinstance(history, dict) and history.get("schema") == SCHEMA, path,
            f"is no history of schema {SCHEMA}: make one with weft history DIR --json FILE")
    entries, points = history.get("entries"), history.get("points")
    require(isinstance(entries, list) and all(isinstance(e, dict) and isinstance(e.get("started"), str) for e in entries),
            path, "should have a list 'entries' with the times of their start")
    require(isinstance(points, list) and points, path, "holds no point, so there is nothing to draw")
    for point in points:
        check_point(point, entries, path)
    return history


def groups_of(history):
    """Points that share a panel: all but the size, the type and the reduction is the same."""
    groups = {}
    for point in history["points"]:
        groups.setdefault(tuple(point[name] for name in GROUP), []).append(point)
    return groups


def draw_point(axes, point, colour):
    """One line, and a ring with the ratio where a new level begins."""
    axes.plot(point["entries"], point["time_us"], marker="o", color=colour, label=style.bytes_text(point["bytes_per_rank"]))
    for change in point["changes"]:
        index = change["index"]
        at = (point["entries"][index], point["time_us"][index])
        axes.plot(*at, marker="o", markersize=11, markerfacecolor="none", markeredgecolor=style.INK, linestyle="none")
        axes.annotate(f"×{change['ratio']:.3g}", at, xytext=(8, 8), textcoords="offset points", fontsize=8)


def draw_group(axes, points, entries):
    points = sorted(points, key=lambda point: point["bytes_per_rank"])
    colours = plt.get_cmap("viridis")
    for number, point in enumerate(points):
        draw_point(axes, point, colours(0.9 * number / max(1, len(points) - 1)))
    style.log_axis(axes, style.time_text, "time (median of the launches)")
    step = -(-len(entries) // MOST_TICKS)
    ticks = range(0, len(entries), step)
    axes.set_xticks(list(ticks), [entries[tick]["started"][:10] for tick in ticks], rotation=30, ha="right")
    axes.set_xlim(-0.5, len(entries) - 0.5)
    lines, sizes = axes.get_legend_handles_labels()
    axes.legend(lines[::-1], sizes[::-1], loc="center left", bbox_to_anchor=(1, 0.5))  # the largest on top, as its line


def draw_history(history):
    """A panel for each group of points."""
    groups = groups_of(history)
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(max(6.4, 5.2 * columns), 3.7 * rows + 0.8), squeeze=False,
                                layout="constrained")
    flat = list(grid.flat)
    several = len({key[-1] for key in groups}) > 1
    for axes, (key, points) in zip(flat, groups.items()):
        pattern, operation, algorithm, transport, ranks, configuration = key
        what = operation if pattern == operation else f"{pattern} {operation}"
        title = f"{what} · {algorithm} · {transport} · {ranks} ranks"
        axes.set_title(title + (f" · {str(configuration)[:6]}" if several else ""))
        draw_group(axes, points, history["entries"])
    for axes in flat[len(groups):]:
        axes.set_visible(False)
    changes = sum(len(point["changes"]) for point in history["points"])
    figure.suptitle(f"history of {len(history['entries'])} result sets", x=0.012, ha="left", fontsize=13, fontweight="bold")
    figure.supxlabel(f"{changes} changes of level (E-divisive), a ring and after / before where each begins; advisory",
                     x=0.012, ha="left", fontsize=7.5, color=style.FAINT)
    return figure
