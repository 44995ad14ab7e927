"""How many times as long victims take beside aggressors: a heat map for each transport."""

import numpy as np
from matplotlib.colors import LogNorm

from . import style
from .runs import BadInput

FIGURES = {"impact_median": "median", "impact_p99": "p99"}


def victim_of(point):
    return f"{point['victim']}\n{style.bytes_text(point['bytes'])} {point['dtype']}"


def maps_of(points, path):
    """{(transport, figure): {(victim, aggressor): impact}}; where there is none nothing is drawn."""
    maps = {}
    try:
        for point in points:
            for figure in FIGURES:
                impact = point.get(figure)
                if impact is not None:
                    if not 0 < float(impact) < np.inf:
                        raise ValueError
                    maps.setdefault((point["transport"], figure), {})[victim_of(point), point["aggressor"]] = float(impact)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: a point lacks transport, victim, aggressor, bytes, dtype or an impact above 0") from error
    return maps


def draw_map(axes, impacts):
    """Dark is bad, on a scale of ratios."""
    victims = list(dict.fromkeys(victim for victim, _ in impacts))
    aggressors = list(dict.fromkeys(aggressor for _, aggressor in impacts))
    values = np.array([[impacts.get((victim, aggressor), np.nan) for aggressor in aggressors] for victim in victims])
    top = max(2.0, np.nanmax(values))
    axes.imshow(np.maximum(values, 1), cmap="YlOrRd", norm=LogNorm(1, top), aspect="auto", interpolation="nearest")
    axes.grid(False)
    axes.set_xticks(range(len(aggressors)), aggressors)
    axes.set_yticks(range(len(victims)), victims)
    axes.set_xlabel("beside")
    axes.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(values):
        dark = np.isfinite(value) and value > top ** 0.6
        axes.text(column, row, f"× {value:.2f}" if value < 100 else f"× {value:.0f}" if np.isfinite(value) else "n/a", ha="center", va="center",
                  color="white" if dark else "black")


def drawings(run):
    return [(f"{FIGURES[figure]} over {transport}", lambda axes, impacts=impacts: draw_map(axes, impacts))
            for (transport, figure), impacts in maps_of(run.congest, run.folder / "congest.json").items()]
