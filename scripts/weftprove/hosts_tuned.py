"""The part of the proof `hosts` about `weft tune`: does what it chooses gain over the library's own choice, measured again?"""

import math
import pathlib

from .cluster import Cluster, end_well
from .program import call, number, rows_of, scratch

RATE, HOSTS, PER_HOST = "200mbit", 4, 2
SIZES = ["-b", "256K", "-e", "4M", "-f", 4]  # more than the 128 KiB that HTB lets pass after a pause
CALLS = ["-n", 6, "-w", 1, "-c", 0, "--cache", "hot"]
OPERATIONS = ["all_reduce", "all_gather"]
LEAST_GAIN = 0.9  # by which launches on shared cores differ, where the choice is no loss


def times(folder):
    """{(operation, bytes): {algorithm: us}}"""
    found = {}
    for row in rows_of(folder):
        if row["status"] == "ok":
            found.setdefault((row["operation"], int(row["bytes_per_rank"])), {})[row["algorithm"]] = number(row, "time_us_median")
    return found


def only(launches, key):
    """The one algorithm that was run, and the better of its medians."""
    (algorithm,) = launches[0][key]
    return algorithm, min(launch[key][algorithm] for launch in launches)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def prove_tuning(options, section, say):
    with Cluster(HOSTS, RATE) as cluster, scratch() as place:
        for transport in ("tcp", "mpi"):
            folder = pathlib.Path(place) / transport
            folder.mkdir()
            measured, launches = measure(options, say, cluster, transport, folder)
            add(section, transport, measured, launches)


def measure(options, say, cluster, transport, folder):
    """Times of every algorithm, of which `weft tune` chose; and of its choice and the own one, in launches of their own."""

    def run(name, *arguments):
        say(f"tuning, {transport}, {name}")
        out = folder / name
        end_well(cluster.start(options.weft, transport, [*OPERATIONS, *SIZES, *CALLS, *arguments], out, per_host=PER_HOST))
        return out

    file, launches = folder / "selection.json", {"own": [], "tuned": []}
    measured = run("every algorithm", "--algorithm", "all")
    call([options.weft.program, "tune", measured, "--out", file])
    for turn in (1, 2):
        launches["own"].append(times(run(f"own {turn}")))
        launches["tuned"].append(times(run(f"tuned {turn}", "--algorithm", "auto", "--selection", file)))
    return times(measured), launches


def add(section, transport, measured, launches):
    rows, gains, same = [], [], []
    for key in sorted(launches["own"][0]):
        (own, us), (chosen, tuned_us) = only(launches["own"], key), only(launches["tuned"], key)
        (same if own == chosen else gains).append(us / tuned_us)
        rows.append((key[0], key[1], own, f"{us / 1e3:.1f}", chosen, f"{tuned_us / 1e3:.1f}", f"{us / tuned_us:.2f}",
                     f"{measured[key][own] / measured[key][chosen]:.2f}"))
    apart = f"; {len(same)} sizes keep the own choice, {min(same):.2f} to {max(same):.2f} between two measurements" if same else ""
    text = (f"{transport}: where `weft tune` chose another algorithm than the library it is faster, measured again: in the geometric mean, "
            f"and at least {LEAST_GAIN} times as fast at each size")
    if gains:
        section.claim(text, f"{geometric_mean(gains):.2f} times as fast, {min(gains):.2f} to {max(gains):.2f} at {len(gains)} sizes{apart}",
                      geometric_mean(gains) > 1 and min(gains) >= LEAST_GAIN)
    else:
        section.claim(text, f"it chose none{apart}", None)
    section.table(f"{transport}, 8 ranks on 4 hosts, {RATE}: own choice beside `--selection`, measured anew in turns, the better median of two "
                  "launches of each, ms; and what the measurement promised of which it was chosen:",
                  ("operation", "bytes", "own choice", "ms", "tuned", "ms", "gain", "promised"), rows)
