"""Slowdown of moe against the busiest rank's share, where a run has several routers."""

import re

from . import style

CURVE = ["transport", "algorithm", "dtype", "ranks"]


def router_of(notes):
    """As the notes of a row of moe have it; empty where they do not."""
    found = re.search(r"(?:^|;)router=([^;]*)", str(notes))
    return found[1] if found else ""


def is_skew_curve(points):
    """Whether the points differ by router: then max/mean tells them apart, not size."""
    return bool(points["imbalance"].notna().all()) and points["notes"].map(router_of).nunique() > 1


def theory(imbalance):
    """Slowdown where the busiest rank's port is what everybody waits for: its bytes are max/mean times the others'."""
    return imbalance / imbalance.min()


def draw_skew(axes, points, looks, pattern):
    """Time over that of the least skewed point, against max/mean over ranks; a line per transport and algorithm, and
    the theory beside them."""
    asked = points["imbalance"].sort_values()
    axes.plot(asked, theory(asked), color=style.INK, linewidth=1, linestyle=":", label="theory: max/mean")
    for _, group in points.groupby(CURVE, sort=False):
        group = group.sort_values("imbalance")
        least = group.iloc[0]
        axes.plot(group["imbalance"], group["time_us_median"] / least["time_us_median"],
                  label=f"{least['transport']} · {least['algorithm']}", **looks.of(pattern, least))
    axes.set_xlabel("max/mean over ranks of the tokens received")
    axes.set_ylabel(f"time over that at {points['imbalance'].min():.3g}")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(style.FuncFormatter("{:.3g}".format))
