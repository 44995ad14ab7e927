"""Each seed is a `weft run -t model` of three operations between two ranks, 4,000 samples each. The truth is the
closed form of the simulated fabric. With both ranks starting together a broadcast is one message: o + alpha J S + m/B. An
exchange is over with the later of two independent messages, so its law is the square of that of one. A ping-pong's time
is the mean of two messages in a row, by convolution. J is log-normal with median 1, S is 1 or, in
the given share of the messages, the stall factor; o = 0, alpha = 10 us, B = 10 GB/s. Medians and their intervals are the
rows' own; the rows have no interval of p99, so it is made from samples.csv and `effective_n` by a second writing of the
same formula, which is held against the rows' interval of the median in every run. Bias is the mean over the seeds of
estimate / truth - 1."""

import pathlib
import statistics

from . import order, truth
from .program import in_parallel, number, samples_of, scratch
from .report import Section

TITLE = "Coverage: do 95 % intervals hold the truth?"
SAMPLES = 4000
QUANTILES = {"median": (0.5, 0.01), "p99": (0.99, 0.03)}  # and the bias that is allowed
COVERED = (0.93, 0.98)

FABRIC = {"latency": "10us", "bandwidth": 10}
JITTERS = {"log-normal, sigma 0.3": {"jitter": 0.3}, "bimodal: sigma 0.1, 5 % of the messages 3 times as late":
           {"jitter": 0.1, "stalls": "0.05:3"}}
SKEW = {"late": "1:8us"}  # rank 1 notices signals late by up to so much: half of the operation
APART = {"clock-offset": "1ms", "clock-drift": 20}
SHORT, LONG = 65536, 4 << 20  # the clocks are good to some us, so ranks with clocks of their own need longer operations
CLOCKS = {"one clock": ({}, SHORT), "one clock, late rank": (SKEW, SHORT), "offset, drift": (APART, LONG),
          "offset, drift, late rank": ({**APART, **SKEW}, LONG)}

OPERATIONS = {
    "broadcast": ("one message", lambda message: message),
    "exchange": ("the later of two", truth.LaterOf),
    "pingpong": ("the mean of two", truth.MeanOf),
}


def message_of(jitter, bytes_):
    share, factor = (float(part) for part in jitter.get("stalls", "0:1").split(":"))
    return truth.Message(bytes_, 10_000, 10, jitter["jitter"], share, factor)


def figures_of(weft, fabric, bytes_, seed, counting):
    """{(operation, quantile): (estimate, interval)} in ns of one run, and how far its time base and its starts may be off."""
    with scratch() as folder:
        out = pathlib.Path(folder) / "run"
        rows = weft.model(["broadcast", "send_recv", "-b", bytes_, "-e", bytes_, *counting], fabric, out, seed)
        samples, found = samples_of(out), {}
        for row in rows:
            ordered = sorted(samples[row["point"]])
            effective = number(row, "effective_n")
            ends = [number(row, f"time_us_median_{end}") for end in ("low", "high")]
            stated = None if None in ends else tuple(1e3 * end for end in ends)
            again = order.quantile_interval(ordered, 0.5, effective)
            for name, (q, _) in QUANTILES.items():
                estimate = number(row, f"time_us_{name}")
                if estimate is not None:
                    interval = stated if q == 0.5 else order.quantile_interval(ordered, q, effective)
                    found[row["operation"], name] = (1e3 * estimate, interval)
            found[row["operation"], "agrees"] = stated == again or bool(stated and again) and all(
                abs(a - b) <= 1e-6 * b for a, b in zip(stated, again))
            found[row["operation"], "bound"] = 1e3 * sum(number(row, column) or 0 for column in ("clock_bound_us", "start_skew_us"))
            found[row["operation"], "samples"] = len(ordered)
    return found


def judge(runs, operation, name, law, widen):
    """Of one quantile of one operation over the seeds: the share of the intervals that hold the truth, and what they were."""
    q, _ = QUANTILES[name]
    real = truth.quantile(law, q)
    held, ratios, widths = 0, [], []
    for run in runs:
        if (operation, name) not in run:  # the series is worth too few independent samples, so nothing is claimed
            continue
        estimate, interval = run[operation, name]
        ratios.append(estimate / real)
        if interval is None:  # likewise
            continue
        low, high = interval
        slack = run[operation, "bound"] if widen else 0
        held += low - slack <= real <= high + slack
        widths.append((high - low) / 2 / real)
    return {"truth": real, "covered": held / len(widths), "bias": statistics.fmean(ratios) - 1, "width": statistics.median(widths),
            "worst": max(abs(ratio - 1) for ratio in ratios), "runs": len(widths)}


def rows_of_case(runs, jitter, bytes_, labels, widen, names=tuple(QUANTILES)):
    message = message_of(jitter, bytes_)
    for operation, (_, make) in OPERATIONS.items():
        law = make(message)
        for name in names:
            yield {"case": [*labels, operation, name], "allowed": QUANTILES[name][1], **judge(runs, operation, name, law, widen)}


def as_cells(row):
    return [*row["case"], f"{row['truth'] / 1e3:.3f}", f"{100 * row['covered']:.1f} %", f"{100 * row['bias']:+.2f} %",
            f"{100 * row['worst']:.1f} %", f"{100 * row['width']:.2f} %", row["runs"]]


HEADER = ("jitter", "clocks", "operation", "quantile", "truth, us", "covered", "bias", "largest error", "half-width", "intervals")


def apart(clock_name):
    return clock_name.startswith("offset")


def claim_about(section, rows, text):
    good = [row for row in rows if COVERED[0] <= row["covered"] <= COVERED[1]]
    worst = [f"{100 * extreme(row['covered'] for row in rows):.1f} %" for extreme in (min, max)]
    section.claim(f"{text}: the intervals hold the truth in 93-98 % of the runs",
                  f"{len(good)} of {len(rows)} cases; from {worst[0]} to {worst[1]}", len(good) == len(rows))


def prove(options, say):
    seeds = options.count(1000, 40)
    section = Section(TITLE, __doc__.replace("\n", " "))
    fixed = ["-n", SAMPLES, "--sync", "round-time"]
    rows, widened, agreed = [], [], True
    for jitter_name, jitter in JITTERS.items():
        for clock_name, (clock, bytes_) in CLOCKS.items():
            say(f"{jitter_name}; {clock_name}: {seeds} runs")
            fabric = {**FABRIC, **jitter, **clock}
            runs = in_parallel(lambda seed, f=fabric, b=bytes_: figures_of(options.weft, f, b, seed, fixed), range(1, seeds + 1), say)
            agreed &= all(run[operation, "agrees"] for run in runs for operation in OPERATIONS)
            labels = (jitter_name, clock_name)
            rows += rows_of_case(runs, jitter, bytes_, labels, False)
            if apart(labels[1]):
                widened += rows_of_case(runs, jitter, bytes_, labels, True)
    plain = [row for row in rows if not apart(row["case"][1])]
    claim_about(section, plain, f"{seeds} seeds, 4,000 samples, 64 KiB, one clock")
    section.claim("the bias of the median is at most 1 %, of p99 at most 3 %, in all cases",
                  "at most " + ", ".join(f"{max(abs(100 * row['bias']) for row in rows if row['case'][3] == name):.2f} % ({name})"
                                         for name in QUANTILES), all(abs(row["bias"]) <= row["allowed"] for row in rows))
    section.claim("4 MiB, clocks apart: the interval with `clock_bound_us` and `start_skew_us` on either side holds the truth in 93 % of the runs or more",
                  f"{100 * min(row['covered'] for row in widened):.1f} % or more", min(row["covered"] for row in widened) >= COVERED[0])
    section.claim("the second writing of the interval's formula gives the rows' interval of the median, in every run",
                  "yes" if agreed else "no", agreed)
    adaptive = prove_stop_rule(options, say, section, seeds)
    section.table("Fixed number of samples:", HEADER, [as_cells(row) for row in rows])
    section.table("The stop rule chooses the number of samples:", HEADER, [as_cells(row) for row in adaptive])
    section.table("4 MiB, clocks apart: interval, `clock_bound_us` and `start_skew_us` together:", HEADER[:6],
                  [as_cells(row)[:6] for row in widened])
    section.notes.append("Clocks: `offset` is up to 1 ms, `drift` up to 20 ppm; a late rank notices signals late by up to 8 us, and so "
                         "comes late out of barriers and into the comparison of the clocks. Where the clocks are apart, the interval "
                         "alone says how well the series is known and not how well the clocks agree or the ranks started together: "
                         "its coverage is in the first table, and what is to be added is in the row. `intervals` counts the runs with "
                         "enough independent samples for an interval; where the drift of the clocks is in the series there are few.")
    return section


def prove_stop_rule(options, say, section, seeds):
    """The same where weft stops by itself once the interval is narrow: that it may not make the interval lie."""
    jitter_name, jitter = next(iter(JITTERS.items()))
    say(f"stop rule: {seeds} runs")
    runs = in_parallel(lambda seed: figures_of(options.weft, {**FABRIC, **jitter}, SHORT, seed, ["--precision", "2%"]),
                       range(1, seeds + 1), say)
    rows = list(rows_of_case(runs, jitter, SHORT, (jitter_name, "one clock"), False, ("median",)))
    claim_about(section, rows, f"{seeds} seeds, stopped at a half-width of 2 %, median")
    counts = [run[operation, "samples"] for run in runs for operation in OPERATIONS]
    section.notes.append(f"The stop rule took {min(counts)} to {max(counts)} samples, median {statistics.median(counts):.0f}.")
    return rows
