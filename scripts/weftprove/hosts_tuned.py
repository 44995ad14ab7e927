"""The part of the proof `hosts` about `weft tune`: does what it chooses gain over the library's own choice, measured again?"""

import math
import pathlib

from .cluster import Cluster, end_well
from .program import call, number, rows_of, scratch

RATE, HOSTS, PER_HOST = "200mbit", 4, 2
SIZES = ["-b", "4K", "-e", "1M", "-f", 16]
CALLS = ["-w", 1, "-c", 0, "--cache", "hot"]
OPERATIONS = ["all_reduce", "all_gather"]
WORSE = 0.9  # a gain below is a loss, beyond what launches differ by on shared cores


def times(folder):
    """{(operation, bytes): (us, algorithm)}"""
    return {(row["operation"], int(row["bytes_per_rank"])): (number(row, "time_us_median"), row["algorithm"])
            for row in rows_of(folder) if row["status"] == "ok"}


def least(launches, key):
    return min(launch[key] for launch in launches)


def prove_tuning(options, section, say):
    with Cluster(HOSTS, RATE) as cluster, scratch() as place:
        for transport in ("tcp", "mpi"):
            prove_one(options, section, say, cluster, transport, pathlib.Path(place) / transport)


def prove_one(options, section, say, cluster, transport, folder):
    def run(name, *arguments, samples=6):
        say(f"tuning, {transport}, {name}")
        out = folder / name
        end_well(cluster.start(options.weft, transport, [*OPERATIONS, *SIZES, "-n", samples, *CALLS, *arguments], out, per_host=PER_HOST))
        return out

    folder.mkdir()
    file = folder / "selection.json"
    measured = run("every algorithm", "--algorithm", "all")
    call([options.weft.program, "tune", measured, "--out", file])
    launches = {"own": [], "tuned": []}
    for turn in (1, 2):
        launches["own"].append(times(run(f"own {turn}", samples=8)))
        launches["tuned"].append(times(run(f"tuned {turn}", "--algorithm", "auto", "--selection", file, samples=8)))
    rows, gains = [], []
    for key in sorted(launches["own"][0]):
        (own, its), (tuned, chosen) = (least(launches[name], key) for name in ("own", "tuned"))
        gains.append(own / tuned)
        rows.append((key[0], key[1], its, f"{own / 1e3:.2f}", chosen, f"{tuned / 1e3:.2f}", f"{gains[-1]:.2f}"))
    mean = math.exp(sum(map(math.log, gains)) / len(gains))
    section.claim(f"{transport}: what `weft tune` chose gains over the library's own choice when measured again, and loses 10 % at no size",
                  f"{mean:.2f} times as fast in the geometric mean, {min(gains):.2f} to {max(gains):.2f}", mean > 1 and min(gains) >= WORSE)
    section.table(f"{transport}, 8 ranks on 4 hosts, {RATE}: own choice beside `--selection`, measured anew in turns, the better median of two "
                  "launches of each:", ("operation", "bytes", "own choice", "ms", "tuned", "ms", "gain"), rows)
