"""The rank-by-rank traffic of moe, and the pipeline as a timeline."""

import re
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from . import style
from .runs import BadInput

KINDS = {"F": ("forward", "#0072B2"), "B": ("backward", "#E69F00"), "I": ("input gradient", "#009E73"),
         "W": ("weight gradient", "#CC79A7")}
OTHER = ("other", "#666666")


def matrix_of(detail, path):
    try:
        matrix = np.array(detail["bytes"], dtype=float)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: a point has no matrix of numbers as its bytes") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0 or (matrix < 0).any():
        raise BadInput(f"{path}: a point's bytes are no square matrix")
    return matrix


def draw_traffic(axes, matrix):
    """Sender by row, receiver by column; the figures are written in where they are few."""
    ranks = len(matrix)
    image = axes.imshow(matrix, cmap="Blues", vmin=0, aspect="equal", interpolation="nearest")
    axes.grid(False)
    step = max(1, -(-ranks // 16))
    axes.set_xticks(range(0, ranks, step))
    axes.set_yticks(range(0, ranks, step))
    axes.set_xlabel("to rank")
    axes.set_ylabel("from rank")
    axes.spines[:].set_visible(False)
    if ranks <= 8:
        for (row, column), value in np.ndenumerate(matrix):
            dark = value > 0.55 * matrix.max()
            axes.text(column, row, style.bytes_text(value).replace(" ", "\n"), ha="center", va="center",
                      fontsize=7.5 if ranks <= 5 else 6, color="white" if dark else "black")
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
    unit = 2 ** max(0, int(matrix.max() / 4).bit_length() - 1)
    bar.ax.yaxis.set_major_locator(style.MultipleLocator(unit))
    bar.ax.yaxis.set_major_formatter(style.FuncFormatter(lambda value, _: style.bytes_text(value)))
    bar.outline.set_visible(False)


def traffic_title(run, detail, matrix):
    """The max/mean of this matrix, of the first routing; the table's is the mean over the routings. Experts on a busy
    rank receive most in dispatch and send most in combine, so both directions have the same."""
    operation = detail.get("operation", "traffic")
    sent = operation == "combine"
    moved = matrix.sum(axis=1 if sent else 0)
    skew = moved.max() / moved.mean() if moved.mean() > 0 else 1
    title = f"{operation}: {'sent' if sent else 'received'}, max/mean {skew:.3f}"
    row = run.points[run.points["point"] == detail.get("point")]
    routings = re.search(r"(?:^|;)routings=(\d+)", row["notes"].iloc[0]) if len(row) else None
    if routings and int(routings[1]) > 1:
        title += f"\nfirst of {routings[1]} routings; mean of all {row['imbalance'].iloc[0]:.3f}"
    return title


def traffic_drawings(run):
    """One per different matrix: the same routing over several transports is one picture."""
    seen = {}
    for detail in run.traffic:
        matrix = matrix_of(detail, run.folder / "traffic.json")
        seen.setdefault((str(detail.get("operation")), matrix.tobytes()), (detail, matrix))
    return [(traffic_title(run, detail, matrix), lambda axes, matrix=matrix: draw_traffic(axes, matrix))
            for detail, matrix in seen.values()]


def shade_of(kind, chunk, chunks):
    """The kind's colour, the paler the later the chunk."""
    pale = 0.6 * chunk / max(1, chunks - 1)
    return tuple(part + (1 - part) * pale for part in to_rgb(KINDS.get(kind, OTHER)[1]))


def events_of(detail, path):
    """(stage, kind, micro_batch, chunk, start, end) of each pass."""
    try:
        return [(int(e["stage"]), str(e["kind"]), int(e["micro_batch"]), int(e.get("chunk", 0)), float(e["start_us"]),
                 float(e["end_us"])) for e in detail["events"]], int(detail["stages"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: an event lacks stage, kind, micro_batch, start_us or end_us") from error


def draw_timeline(axes, detail, path):
    """A row per stage, a box per pass, the number of its micro-batch inside where it fits. Overlapped passes, which have
    one time, share the height of their row: forward above, backward below."""
    events, stages = events_of(detail, path)
    first = min((event[4] for event in events), default=0)
    last = max((event[5] for event in events), default=1)
    chunks = 1 + max((event[3] for event in events), default=0)
    together = Counter((stage, start, end) for stage, _, _, _, start, end in events)
    for stage, kind, micro_batch, chunk, start, end in events:
        half = end > start and together[stage, start, end] > 1
        middle = stage + (0 if not half else -0.195 if kind == "F" else 0.195)
        colour = shade_of(kind, chunk, chunks)
        axes.barh(middle, end - start, left=start - first, height=0.39 if half else 0.78, color=colour,
                  edgecolor="white", linewidth=0.6)
        if (end - start) / (last - first) > 0.012:
            axes.text((start + end) / 2 - first, middle, micro_batch, ha="center", va="center", fontsize=5.5 if half else 6.5,
                      color="white" if np.dot(colour, (0.3, 0.6, 0.1)) < 0.45 else "black")
    axes.set_yticks(range(stages))
    axes.set_ylim(stages - 0.4, -0.6)
    axes.set_xlim(0, last - first)
    axes.set_ylabel("stage")
    axes.set_xlabel("time since the first start", loc="left")
    axes.xaxis.set_major_locator(plt.MaxNLocator(6))
    axes.xaxis.set_major_formatter(style.FuncFormatter(lambda value, _: style.time_text(value) if value else "0"))
    axes.grid(False, axis="y")
    present = {event[1] for event in events}
    patches = [Patch(color=KINDS.get(kind, OTHER)[1], label=KINDS.get(kind, (kind, ""))[0])
               for kind in (*KINDS, *sorted(present - set(KINDS))) if kind in present]
    if chunks > 1:
        patches += [Patch(color=shade_of("", chunk, chunks), label=f"chunk {chunk}") for chunk in range(chunks)]
    below = axes.transAxes + ScaledTranslation(0, -15 / 72, axes.figure.dpi_scale_trans)
    axes.legend(handles=patches, loc="upper right", bbox_to_anchor=(1, 0), bbox_transform=below, ncols=len(patches),
                borderaxespad=0, handlelength=1.2, columnspacing=1.2)


def timeline_title(run, detail):
    row = run.points[run.points["point"] == detail.get("point")]
    title = f"{detail.get('schedule', 'pipeline')}"
    if len(row):
        title += f" over {row['transport'].iloc[0]}"
        if "bubble" in row and row["bubble"].notna().all():
            title += f": bubble {row['bubble'].iloc[0]:.1%}, formula {row['bubble_formula'].iloc[0]:.1%}"
    return title


def pipeline_drawings(run):
    return [(timeline_title(run, detail),
             lambda axes, detail=detail: draw_timeline(axes, detail, run.folder / "pipeline.json"))
            for detail in run.pipeline if isinstance(detail, dict) and detail.get("events")]


def one_per_schedule(run):
    """For the overview: (title, function of axes) of the first timeline of each schedule."""
    first = {}
    for detail, drawing in zip([d for d in run.pipeline if isinstance(d, dict) and d.get("events")],
                               pipeline_drawings(run)):
        first.setdefault(detail.get("schedule"), (drawing[0].split(":")[0], drawing[1]))
    return list(first.values())


def draw_sheet(drawings, title, columns, size):
    """The drawings of one kind on one figure."""
    columns = min(columns, len(drawings))
    rows = -(-len(drawings) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(size[0] * columns, size[1] * rows + 0.5), squeeze=False,
                                layout="constrained")
    flat = list(grid.flat)
    for axes, (name, draw) in zip(flat, drawings):
        draw(axes)
        axes.set_title(name)
    for axes in flat[len(drawings):]:
        axes.set_visible(False)
    figure.suptitle(title, x=0.012, ha="left", fontsize=13, fontweight="bold")
    return figure
