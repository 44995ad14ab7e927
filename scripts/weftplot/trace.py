"""A file of `weft run --trace`: what every lane of every rank did, one picture for each point."""

import matplotlib.pyplot as plt
from matplotlib.patches import Patch

from . import style
from .runs import BadInput, read_json

# Colour by what keeps a lane; what only starts something (send, recv, signal) is a mark.
COLOURS = {"call": "#b9d3ea", "compute": style.PALETTE[2], "reduce": style.PALETTE[1], "copy": style.PALETTE[4], "native": style.PALETTE[3],
           "wait": "#c8c8c8", "await": "#e6e6e6"}
MARKED = {"send": style.PALETTE[0], "recv_reduce": style.PALETTE[5], "recv": style.PALETTE[5]}
MOST_LANES = 64
MOST_SLICES = 40_000


def read_trace(path):
    """{process: {"name", "lanes": {lane: name}, "slices": [(lane, action, ts, dur)]}} in the order of the file."""
    found = read_json(path)
    processes = {}
    try:
        for event in found:
            if event["name"] == "weft":
                continue
            process = processes.setdefault(event["pid"], {"name": "", "lanes": {}, "slices": []})
            if event["name"] == "process_name":
                process["name"] = event["args"]["name"]
            elif event["name"] == "thread_name":
                process["lanes"][event["tid"]] = event["args"]["name"]
            elif event["ph"] == "X":
                process["slices"].append((event["tid"], event["cat"], float(event["ts"]), float(event["dur"])))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: is not what weft run --trace writes ({error!r})") from error
    if not processes:
        raise BadInput(f"{path}: holds no traced point")
    return processes


def points_of(processes):
    """{title of the point: its ranks}"""
    points = {}
    for process in processes.values():
        title, _, rank = process["name"].rpartition(": ")
        points.setdefault(title, []).append((rank, process))
    return points


def draw_rows(axes, ranks):
    labels = []
    for rank, process in ranks:
        for lane in sorted(process["lanes"]):
            slices = [one for one in process["slices"] if one[0] == lane]
            if not slices or len(labels) >= MOST_LANES:
                continue
            row = len(labels)
            labels.append(f"{rank}: {process['lanes'][lane]}")
            for name, colour in COLOURS.items():
                axes.broken_barh([(ts, dur) for _, kind, ts, dur in slices if kind == name], (row - 0.38, 0.76), color=colour, linewidth=0)
            for name, colour in MARKED.items():
                times = [ts for _, kind, ts, _ in slices if kind == name]
                axes.plot(times, [row] * len(times), "|", color=colour, markersize=9, markeredgewidth=1.1)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    return labels


def draw_point(title, ranks):
    count = sum(len(process["slices"]) for _, process in ranks)
    if count > MOST_SLICES:
        raise BadInput(f"{title}: has {count} steps, more than the {MOST_SLICES} that a picture can show: look at it with Perfetto")
    lanes = sum(len(process["lanes"]) for _, process in ranks)
    figure, axes = plt.subplots(figsize=(11, 1.4 + 0.28 * min(lanes, MOST_LANES)), layout="constrained")
    shown = draw_rows(axes, ranks)
    axes.set_title(title + ("" if len(shown) < MOST_LANES else f"   (the first {MOST_LANES} lanes)"))
    axes.set_xlabel("time since the first step")
    axes.xaxis.set_major_formatter(style.time_text)
    axes.grid(axis="y", visible=False)
    handles = [Patch(color=colour, label=name) for name, colour in COLOURS.items()]
    handles += [Patch(color=MARKED["send"], label="send starts"), Patch(color=MARKED["recv"], label="recv starts")]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncol=len(handles))
    return figure
