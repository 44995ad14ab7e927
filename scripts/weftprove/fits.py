"""Each seed is a `weft run -t model` of a broadcast and of a ping-pong between two ranks, 8 B to 64 MiB in steps of 2, 1,000
samples each. A message takes alpha J + m / B with alpha = 10 us, B = 10 GB/s and J log-normal with median 1 and sigma 0.2, so
the medians of the broadcast lie on alpha + m / B; those of the ping-pong, the mean of two messages, 1 % above alpha. `weft
check --json` fits Hockney's line to the medians of each run. And of `loggp` over the same fabric with overhead 2 us and a jitter
of 0.02 it tells o, g, G and L, of 1 B to 1 MiB: there a round trip is 2 (o + alpha J + m / B), so L = alpha - o."""

import json
import pathlib
import statistics

from . import truth
from .program import call, in_parallel, scratch
from .report import Section

TITLE = "Fits: are latency and bandwidth found?"
LATENCY_NS, BANDWIDTH, JITTER = 10_000, 10, 0.2
OVERHEAD_NS, LOGGP_JITTER = 2_000, 0.02
TOLERANCE = 0.02


def fits_of(weft, seed):
    """{operation: (latency us, GB/s, number of breaks)}"""
    with scratch() as place:
        out, fits = pathlib.Path(place) / "run", pathlib.Path(place) / "fits.json"
        weft.model(["broadcast", "send_recv", "-b", 8, "-e", "64M", "-f", 2, "-n", 1000, "--sync", "round-time"],
                   {"latency": f"{LATENCY_NS}ns", "bandwidth": BANDWIDTH, "jitter": JITTER}, out, seed)
        call([weft.program, "check", out, "--json", fits])
        found = json.loads(fits.read_text(encoding="utf-8"))["fits"]
    return {fit["operation"]: (fit["hockney"]["latency_us"], fit["hockney"]["bandwidth_GBps"], len(fit["breaks_bytes"])) for fit in found}


def loggp_of(weft, seed):
    """{parameter: its value over the true one, less 1}"""
    overhead, latency, gap = OVERHEAD_NS / 1e3, LATENCY_NS / 1e3, 1 / BANDWIDTH
    with scratch() as place:
        out, fits = pathlib.Path(place) / "run", pathlib.Path(place) / "fits.json"
        weft.model(["loggp", "-b", 1, "-e", "1M", "-f", 4, "-n", 200],
                   {"latency": f"{LATENCY_NS}ns", "overhead": f"{OVERHEAD_NS}ns", "bandwidth": BANDWIDTH, "jitter": LOGGP_JITTER}, out, seed)
        call([weft.program, "check", out, "--json", fits])
        [found] = json.loads(fits.read_text(encoding="utf-8"))["loggp"]
    return {"L": found["L_us"] / (latency - overhead) - 1, "o": found["o"]["us"] / overhead - 1, "g": found["g_us"] / overhead - 1,
            "G": found["G_ns_per_byte"] / gap - 1}


def prove_loggp(options, seeds, section, say):
    runs = in_parallel(lambda seed: loggp_of(options.weft, seed), range(1, seeds + 1), say)
    rows = [(name, f"{100 * statistics.fmean(run[name] for run in runs):+.2f} %", f"{100 * max(abs(run[name]) for run in runs):.2f} %")
            for name in ("L", "o", "g", "G")]
    right = sum(abs(value) <= TOLERANCE for run in runs for value in run.values())
    section.claim(f"L, o, g and G are within 2 % of the truth ({seeds} seeds)", f"{right} of {seeds * 4}", right == seeds * 4)
    section.table("LogGP, found over true - 1:", ("parameter", "mean", "largest"), rows)


def prove(options, say):
    seeds = options.count(100, 4)
    section = Section(TITLE, __doc__.replace("\n", " "))
    runs = in_parallel(lambda seed: fits_of(options.weft, seed), range(1, seeds + 1), say)
    message = truth.Message(0, LATENCY_NS, BANDWIDTH, JITTER)
    laws = {"broadcast": message, "pingpong": truth.MeanOf(message), "exchange": truth.LaterOf(message)}
    rows, right = [], 0
    for operation, law in laws.items():
        latency = truth.quantile(law, 0.5) / 1e3
        latencies = [run[operation][0] / latency - 1 for run in runs]
        bandwidths = [run[operation][1] / BANDWIDTH - 1 for run in runs]
        good = sum(abs(a) <= TOLERANCE and abs(b) <= TOLERANCE for a, b in zip(latencies, bandwidths))
        right += good
        breaks = sum(run[operation][2] > 0 for run in runs)
        rows.append((operation, f"{latency:.3f}", f"{100 * statistics.fmean(latencies):+.2f} %", f"{100 * max(map(abs, latencies)):.2f} %",
                     f"{100 * statistics.fmean(bandwidths):+.2f} %", f"{100 * max(map(abs, bandwidths)):.2f} %", f"{breaks} of {seeds}"))
    section.claim(f"latency and bandwidth are within 2 % of the truth ({seeds} seeds, three operations)",
                  f"{right} of {seeds * len(laws)} fits", right == seeds * len(laws))
    section.table("Fitted over true - 1:", ("operation", "true latency, us", "latency: mean", "largest", "bandwidth: mean", "largest",
                                            "runs with a break, where there is none"), rows)
    prove_loggp(options, seeds, section, say)
    return section
