#!/usr/bin/env python3
"""Tries the nccl transport on a machine with a CUDA or HIP device, with a weft that is built, and prints what came out.

  scripts/gpu_check.py WEFT                     data checked: one rank, then 2 and 4 that share the device
  scripts/gpu_check.py WEFT --nccl-tests DIR    besides, on one rank: weft's native collectives against all_reduce_perf and
                                                alltoall_perf of DIR, in turns, as ratios of medians over the rounds

nccl-tests gives a mean over calls: with -z 1 each call is waited for before the next begins, which is what a sample of weft's
is too; with -z 0 the calls are enqueued back to back and the time between them is hidden. Ends with 1 where a point is not ok.
"""

import argparse
import csv
import pathlib
import statistics
import subprocess
import sys
import tempfile

PEERS = {"all_reduce": "all_reduce_perf", "all_to_all": "alltoall_perf"}
COLLECTIVES = ["barrier", "broadcast", "all_reduce", "reduce_scatter", "all_gather", "all_to_all", "send_recv"]
SMALLEST, LARGEST, FACTOR = 4096, 256 << 20, 16
LIMIT = 900  # seconds of one run


def run_weft(weft, *arguments):
    """The rows of a run; those that are refused are none of them."""
    with tempfile.TemporaryDirectory(prefix="weft-gpu-") as place:
        out = pathlib.Path(place) / "run"
        command = [weft, "run", *map(str, arguments), "-t", "nccl", "--noise-probe", "0", "--out", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL)
        points = out / "points.csv"
        if not points.exists():
            sys.exit(f"{' '.join(command)}: code {done.returncode}\n{done.stderr}")
        with open(points, newline="") as file:
            rows = list(csv.DictReader(file))
        if done.returncode != 0:
            print(f"{' '.join(command)}: code {done.returncode}\n{done.stderr[-3000:]}")
        return rows


def run_peer(program, blocking):
    """Mean time in us by bytes, and whether all data was right."""
    command = [program, "-b", SMALLEST, "-e", LARGEST, "-f", FACTOR, "-g", 1, "-n", 50, "-w", 10, "-c", 1, "-z", blocking]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    rows = [line.split() for line in done.stdout.splitlines() if line.split() and line.split()[0].isdigit()]
    return {int(row[0]): float(row[5]) for row in rows}


def compare(weft, folder, rounds):
    """True where every point of weft's was ok."""
    good = True
    for pattern, program in PEERS.items():
        times = {name: {} for name in ("weft", "blocking", "enqueued")}
        for _ in range(rounds):
            rows = run_weft(weft, pattern, "--ranks", 1, "-b", SMALLEST, "-e", LARGEST, "-f", FACTOR, "--algorithm", "native",
                            "--cache", "hot", "--order", "given")
            good = good and all(row["status"] == "ok" for row in rows)
            found = [{int(row["bytes_per_rank"]): float(row["time_us_median"]) for row in rows if row["status"] == "ok"},
                     run_peer(folder / program, 1), run_peer(folder / program, 0)]
            for name, by_bytes in zip(times, found):
                for size, time in by_bytes.items():
                    times[name].setdefault(size, []).append(time)
        print(f"\n{pattern}, one rank, {rounds} rounds in turns: us, and the least to the largest ratio of a round")
        print(f"{'bytes':>12} {'weft':>10} {'-z 1':>10} {'-z 0':>10} {'weft / -z 1':>24} {'weft / -z 0':>24}")
        for size in sorted(times["weft"]):
            if size not in times["blocking"] or size not in times["enqueued"]:
                continue
            medians = [statistics.median(times[name][size]) for name in times]
            texts = []
            for name in ("blocking", "enqueued"):
                ratios = [mine / theirs for mine, theirs in zip(times["weft"][size], times[name][size])]
                texts.append(f"{statistics.median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}]")
            print(f"{size:>12} " + " ".join(f"{median:>10.2f}" for median in medians) + " " + " ".join(f"{text:>24}" for text in texts))
    return good


def check(weft, ranks):
    """Every collective with every algorithm, MoE and a pipeline; true where all that ran was right."""
    where = ["--ranks", ranks, "--oversubscribe"] + (["--share-device"] if ranks > 1 else [])
    short = ["-n", 10, "-w", 2, "--cache", "hot", "--timeout", 120]
    rows = run_weft(weft, *COLLECTIVES, *where, *short, "-b", 8, "-e", "4M", "-f", 700, "--algorithm", "all", "-d", "f32,bf16")
    rows += run_weft(weft, "moe", *where, *short, "--model", "mixtral-8x22b", "--tokens", 64, "--dispatcher", "all")
    if ranks > 1:
        rows += run_weft(weft, "pipeline", *where, *short, "--model", "mixtral-8x22b", "--tokens", 64, "--micro-batches", 4)
    print(f"\n{ranks} ranks: operation, algorithm, type, bytes, median us, status")
    for row in rows:
        print(f"  {row['operation']:<16} {row['algorithm']:<20} {row['dtype']:<5} {row['bytes_per_rank']:>12} {row['time_us_median']:>12} "
              f"{row['status']} {row['reason']}")
    bad = [row for row in rows if row["status"] not in ("ok", "refused")]
    print(f"{ranks} ranks: {len(rows)} points, {sum(row['status'] == 'ok' for row in rows)} ok with the right data, {len(bad)} bad")
    return bool(rows) and not bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weft", type=pathlib.Path)
    parser.add_argument("--nccl-tests", type=pathlib.Path, metavar="DIR", help="the folder of all_reduce_perf and alltoall_perf")
    parser.add_argument("--ranks", default="1,2,4", help="how many ranks the data is checked with (default: 1,2,4)")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    weft = str(chosen.weft.resolve())
    good = all([check(weft, int(ranks)) for ranks in chosen.ranks.split(",") if ranks])
    if chosen.nccl_tests:
        good = compare(weft, chosen.nccl_tests.resolve(), chosen.rounds) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
