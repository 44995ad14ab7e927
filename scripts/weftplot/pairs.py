"""Every pair of ranks as a heat map: time of a small message, bandwidth of a large one."""

import numpy as np

from . import style
from .runs import BadInput


def map_of(detail, path):
    """(what is drawn, its unit, the matrix, hosts by rank); both halves of the matrix are the same."""
    try:
        hosts = [str(host) for host in detail["hosts"]]
        bandwidth = detail["operation"] == "exchange"
        values = np.full((len(hosts), len(hosts)), np.nan)
        sent = float(detail["bytes"])
        for one, other, time_us, *_ in detail["pairs"]:
            if one < 0 or other < 0:
                raise IndexError
            value = sent / float(time_us) / 1e3 if bandwidth else float(time_us)
            values[one, other] = values[other, one] = value
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise BadInput(f"{path}: a point lacks operation, bytes, hosts or pairs of ranks with their times") from error
    return bandwidth, values, hosts


def draw_map(axes, bandwidth, values, hosts):
    """Dark is slow; lines part the hosts."""
    ranks = len(hosts)
    image = axes.imshow(values, cmap="YlOrRd_r" if bandwidth else "YlOrRd", aspect="equal", interpolation="nearest")
    axes.grid(False)
    step = max(1, -(-ranks // 16))
    axes.set_xticks(range(0, ranks, step))
    axes.set_yticks(range(0, ranks, step))
    axes.set_xlabel("rank")
    axes.set_ylabel("rank")
    axes.spines[:].set_visible(False)
    if len(set(hosts)) < ranks:
        for rank in range(1, ranks):
            if hosts[rank] != hosts[rank - 1]:
                axes.axhline(rank - 0.5, color=style.INK, linewidth=0.8)
                axes.axvline(rank - 0.5, color=style.INK, linewidth=0.8)
    if ranks <= 8:
        low, high = np.nanmin(values), np.nanmax(values)
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                slow = (high - value if bandwidth else value - low) > 0.6 * (high - low)
                axes.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=7, color="white" if slow else "black")
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
    bar.set_label("GB/s each way" if bandwidth else "us")
    bar.outline.set_visible(False)


def drawings(run):
    made = []
    for detail in run.pairs:
        bandwidth, values, hosts = map_of(detail, run.folder / "pairs.json")
        if np.isfinite(values).any():
            made.append((f"{detail['operation']}, {style.bytes_text(detail['bytes'])}",
                         lambda axes, shown=(bandwidth, values, hosts): draw_map(axes, *shown)))
    return made
