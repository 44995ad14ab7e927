"""Dispatch and combine of DeepSeek-V4-Pro where one rank gets max/mean times the mean of the tokens, at max/mean from 1 to
4, drawn (`--router one-hot:`) and replayed: the same skew written as a routing trace by this script. Theory: a rank sends
or receives in proportion to its tokens and everybody waits for the busiest, so the time is its bytes over the bandwidth,
and the slowdown against max/mean of 1 is the ratio of the two max/mean that were reached. On the simulated fabric (no
latency) that must come out; for real, over shared memory, it stands beside."""

import json
import pathlib
import random

from .program import ROOT, NotRun, number, scratch
from .report import Section

TITLE = "Slowdown against skew"
ASKED = (1, 1.3, 2, 3, 4)
MODEL = "deepseek-v4-pro"
RANKS = 8
TOLERANCE = 0.02  # the part that stays on a rank differs with the draw
OPERATIONS = ("dispatch", "combine")


def write_trace(path, ratio, ranks, tokens, experts, top_k):
    """One layer in which each token goes to the first rank's experts with the chance that gives it `ratio` times the mean."""
    draw = random.Random(ratio)
    held = experts // ranks
    with open(path, "w", encoding="utf-8") as file:
        for rank in range(ranks):
            chosen = []
            for _ in range(tokens):
                to = 0 if draw.random() < ratio / ranks else draw.randrange(1, ranks)
                chosen.append(draw.sample(range(to * held, (to + 1) * held), top_k))
            file.write(json.dumps({"step": 0, "layer": 0, "rank": rank, "num_tokens": tokens, "topk": top_k, "top_indices": chosen}) + "\n")
    return path


def curve_of(rows):
    """{operation: [(max/mean, time, slowdown, theory)]}, the least skewed first."""
    curves = {}
    for operation in OPERATIONS:
        points = sorted((number(row, "imbalance"), number(row, "time_us_median")) for row in rows if row["operation"] == operation)
        least = points[0]
        curves[operation] = [(skew, time, time / least[1], skew / least[0]) for skew, time in points]
    return curves


def table_rows(where, how, curves):
    return [(where, how, operation, f"{skew:.3f}", f"{time:.1f}", f"{slowdown:.3f}", f"{theory:.3f}", f"{100 * (slowdown / theory - 1):+.1f} %")
            for operation, curve in curves.items() for skew, time, slowdown, theory in curve]


def furthest(curves):
    return max(abs(slowdown / theory - 1) for curve in curves.values() for _, _, slowdown, theory in curve)


def prove_model(options, say, section):
    tokens = options.count(4096, 512)
    shape = json.loads((ROOT / f"models/{MODEL}.json").read_text(encoding="utf-8"))
    fabric = {"latency": 0, "overhead": 0, "bandwidth": 50}
    flags = ["moe", "--model", MODEL, "--algorithm", "linear", "--routings", 1, "-n", 3]
    rows = []
    with scratch() as place:
        folder = pathlib.Path(place)
        say("drawn")
        asked = ",".join(map(str, ASKED))
        drawn = curve_of(options.weft.model([*flags, "--router", f"one-hot:{asked}", "--tokens", tokens], fabric, folder / "drawn", 1, RANKS))
        replayed = []
        for ratio in ASKED:
            say(f"replayed, max/mean {ratio}")
            trace = write_trace(folder / f"{ratio}.jsonl", ratio, RANKS, tokens, shape["n_routed_experts"], shape["num_experts_per_tok"])
            replayed += options.weft.model([*flags, "--router", f"replay:{trace}"], fabric, folder / f"replayed-{ratio}", 1, RANKS)
    for how, curves in (("drawn", drawn), ("replayed", curve_of(replayed))):
        section.claim(f"on the simulated fabric, {how}: the slowdown is the ratio of max/mean within {100 * TOLERANCE:.0f} %",
                      f"at most {100 * furthest(curves):.2f} % off", furthest(curves) <= TOLERANCE)
        rows += table_rows(f"simulated, {RANKS} ranks, 50 GB/s", how, curves)
    return rows


def prove_real(options, say):
    options.need_this_machine()
    rows = []
    for ranks, tokens in ((2, 4096), (4, 2048)):
        say(f"for real, {ranks} ranks over shm")
        asked = ",".join(str(ratio) for ratio in ASKED if ratio <= ranks)
        with scratch() as place:
            found = options.weft.run(["moe", "--model", MODEL, "-t", "shm", "--ranks", ranks, "--oversubscribe", "--routings", 1,
                                      "--router", f"one-hot:{asked}", "--tokens", options.count(tokens, 256), "-n", options.count(60, 5)],
                                     pathlib.Path(place) / "run")
        rows += table_rows(f"shm, {ranks} ranks", "drawn", curve_of(found))
    return rows


def prove(options, say):
    section = Section(TITLE, __doc__.replace("\n", " "))
    rows = prove_model(options, say, section)
    try:
        rows += prove_real(options, say)
    except NotRun as reason:
        section.claim("for real", str(reason), None)
    section.notes.append("Over `shm` a message is copied by a core, from memory that the ranks share. Where there are more ranks than "
                         "cores the cores are what is waited for, and the copies of all ranks together are as many whatever the skew.")
    section.table("Time and slowdown; `theory` is the ratio of the max/mean that were reached:",
                  ("where", "router", "operation", "max/mean", "median, us", "slowdown", "theory", "off by"), rows)
    return section
