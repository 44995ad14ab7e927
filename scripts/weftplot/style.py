"""How weft's figures look: colours, ticks, captions."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MultipleLocator, NullFormatter

# Okabe & Ito (2008), told apart with every common colour blindness; the yellow is left out, it is too pale for lines.
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
DASHES = ["-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1))]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
INK = "#222222"
FAINT = "#666666"


def apply():
    plt.rcParams.update({
        "font.family": "DejaVu Sans", "font.size": 9, "axes.titlesize": 10.5, "axes.titleweight": "bold",
        "axes.titlelocation": "left", "axes.labelsize": 9, "axes.edgecolor": "#999999", "axes.linewidth": 0.8,
        "axes.labelcolor": INK, "text.color": INK, "xtick.color": FAINT, "ytick.color": FAINT,
        "xtick.labelsize": 8, "ytick.labelsize": 8, "axes.spines.top": False, "axes.spines.right": False,
        "axes.grid": True, "axes.axisbelow": True, "grid.color": "#e3e3e3", "grid.linewidth": 0.7,
        "legend.frameon": False, "legend.fontsize": 8, "lines.linewidth": 1.7, "lines.markersize": 4.2,
        "figure.constrained_layout.h_pad": 0.09, "figure.constrained_layout.w_pad": 0.09,
        "figure.facecolor": "white", "savefig.facecolor": "white", "svg.fonttype": "none", "svg.hashsalt": "weft",
    })


def bytes_text(value):
    """4096 -> 4 KiB: at most three digits, bytes in full."""
    value = float(value)
    if value < 1024:
        return f"{value:.0f} B"
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 999.5 or unit == "TiB":
            break
    return f"{value:.3g} {unit}" if value >= 1 else f"{value:.2f} {unit}"


def time_text(microseconds, _=None):
    for limit, scale, unit in ((1, 1e3, "ns"), (1e3, 1, "µs"), (1e6, 1e-3, "ms")):
        if microseconds < limit * 0.9995:
            return f"{microseconds * scale:.3g} {unit}"
    return f"{microseconds * 1e-6:.3g} s"


def bandwidth_text(value, _=None):
    return f"{value:.3g}" if value >= 1e-3 else f"{value:.0e}"


def size_axis(axes, sizes, label):
    """Binary ticks on powers of two, at most eight of them."""
    positive = sorted(size for size in set(sizes) if size > 0)
    low, high = positive[0], positive[-1]
    exponents = range(int(low).bit_length() - 1, int(high).bit_length() + 1)
    step = max(1, -(-len(exponents) // 7))
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator([2.0**e for e in exponents][::step]))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: bytes_text(value)))
    axes.set_xlim(low / 1.5, high * 1.5)
    axes.set_xlabel(label)


def log_axis(axes, formatter, label):
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    few = high / low < 300
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5) if few else (1,), numticks=12))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(formatter))
    axes.set_ylabel(label)


def save(figure, folder, name):
    """NAME.png and NAME.svg; returns their paths."""
    paths = [folder / f"{name}.{kind}" for kind in ("png", "svg")]
    figure.savefig(paths[0], dpi=160)
    figure.savefig(paths[1], metadata={"Date": None})
    plt.close(figure)
    return paths
