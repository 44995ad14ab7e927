#!/usr/bin/env python3
"""Paired, interleaved comparisons of weft with its peers on this machine: ratios with their spread, never single figures.

  scripts/compare_peers.py shm                 weft's shared memory against Open MPI's own collectives, in the same processes
  scripts/compare_peers.py shm --tuned         the same with malloc told to keep its memory (no page fault per call in Open MPI)
  scripts/compare_peers.py osu --osu DIR       weft's native over mpi against OSU Micro-Benchmarks, A B B A in turns
  scripts/compare_peers.py ucx                 weft's ping-pong over ucx against ucx_perftest (tag_lat, tag_bw), in turns
  scripts/compare_peers.py ofi                 weft's ping-pong over ofi, provider tcp, against fi_pingpong, in turns
"""

import argparse
import csv
import itertools
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TUNED_MALLOC = ["-x", "MALLOC_MMAP_THRESHOLD_=4294967296", "-x", "MALLOC_TRIM_THRESHOLD_=8589934592",
                "-x", "MALLOC_TOP_PAD_=268435456"]
PING_PONG_SIZES = ["8", "64", "1K", "8K", "64K", "1M", "4M"]
SHM_SIZES = {"all_reduce": ["8", "4K", "16K", "64K", "1M", "16M", "64M"],
             "all_to_all": ["8", "4K", "16K", "64K", "1M", "16M", "64M"]}  # all_to_all: per peer


PORTS = itertools.cycle(range(20000 + os.getpid() % 5000, 26000))


def mpirun(ranks, extra=()):
    environment = dict(os.environ)
    if os.geteuid() == 0:  # Open MPI refuses root unless told twice
        environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    crowded = ranks > len(os.sched_getaffinity(0))
    placing = ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"] if crowded else ["--bind-to", "core"]
    return ["mpirun", "-np", str(ranks), *placing, *extra], environment, crowded


def weft_rows(weft, ranks, arguments, extra=(), launch=mpirun):
    launcher, environment, crowded = launch(ranks, extra)
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "run"
        command = [*launcher, weft, "run", "--noise-probe", "0", *arguments, "--out", out, *(["--oversubscribe"] if crowded else [])]
        done = subprocess.run([str(c) for c in command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"compare_peers: {' '.join(map(str, command))} ended with {done.returncode}: {done.stderr.strip()}")
        with open(out / "points.csv", newline="") as file:
            return [row for row in csv.DictReader(file) if row["status"] == "ok"]


def osu_times(program, ranks, size, iterations):
    launcher, environment, _ = mpirun(ranks)
    text = subprocess.run([*launcher, program, "-m", f"{size}:{size}", "-i", str(iterations), "-x", "100"], env=environment,
                          capture_output=True, text=True, check=True).stdout
    return float([line.split()[1] for line in text.splitlines() if line and not line.startswith("#")][-1])


def spread(values):
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return f"{statistics.median(ordered):8.3f}   {ordered[quarter]:7.3f} - {ordered[-1 - quarter]:7.3f}   {len(ordered)}"


def to_bytes(text):
    return int(text[:-1]) << {"K": 10, "M": 20, "G": 30}[text[-1]] if text[-1].isalpha() else int(text)


def compare_shm(options):
    extra = TUNED_MALLOC if options.tuned else ()
    print(f"# Open MPI's time / weft shm's time, {options.ranks} ranks, buffers fresh, median (quartiles) over {options.rounds} launches"
          f"{', malloc tuned for Open MPI' if options.tuned else ''}")
    for operation in options.operations.split(","):
        ratios = {size: [] for size in SHM_SIZES[operation]}
        ours = {size: [] for size in ratios}
        for _ in range(options.rounds):
            for size in ratios:
                total = to_bytes(size) * (options.ranks if operation == "all_to_all" else 1)
                rows = weft_rows(options.weft, options.ranks, [operation, "-t", "shm,mpi", "-b", total, "-e", total, "--cache", "fresh",
                                                               "--budget", options.budget, "-c", "1"], extra)
                time = {row["transport"]: float(row["time_us_median"]) for row in rows}
                ratios[size].append(time["mpi"] / time["shm"])
                ours[size].append(time["shm"])
        print(f"# {operation}: size{' per peer' if operation == 'all_to_all' else ''}, ratio, quartiles, n, shm us")
        for size, values in ratios.items():
            print(f"{operation:<12}{size:>6}  {spread(values)}   {statistics.median(ours[size]):.3f}", flush=True)


def compare_osu(options):
    programs = {"all_reduce": "osu_allreduce", "all_to_all": "osu_alltoall"}
    print(f"# weft's native over mpi, computed OSU's way, / OSU's figure, {options.ranks} ranks, one hot buffer, A B B A")
    for operation, name in programs.items():
        program = next(iter(sorted(pathlib.Path(options.osu).rglob(name))), None)
        if program is None:
            sys.exit(f"compare_peers: --osu {options.osu}: there is no {name} below it")
        for size in ["8", "64", "1K", "4K", "64K", "1M", "16M"]:
            per_peer = to_bytes(size)
            total = per_peer * (options.ranks if operation == "all_to_all" else 1)
            iterations = max(20, min(20000, int(4e9 / max(per_peer, 1) / 200)))
            ratios = []
            for turn in range(options.rounds):
                def ours():
                    rows = weft_rows(options.weft, options.ranks, [operation, "-t", "mpi", "--algorithm", "native", "-b", total, "-e", total,
                                                                   "--cache", "hot", "--sync", "native", "-n", iterations, "-w", 100, "-c", "0"])
                    return float(rows[0]["time_us_mean_of_ranks"])
                def theirs():
                    return osu_times(program, options.ranks, per_peer, iterations)
                first, second = (ours(), theirs()) if turn % 2 == 0 else reversed((theirs(), ours()))
                ratios.append(first / second)
            print(f"{operation:<12}{size:>6}  {spread(ratios)}", flush=True)


def local(ranks, _):
    """As mpirun() answers, for the world that weft starts itself."""
    return [], dict(os.environ), ranks > len(os.sched_getaffinity(0))


def listens(port):
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
               for table in ("/proc/net/tcp", "/proc/net/tcp6") for line in pathlib.Path(table).read_text().splitlines()[1:])


def of_both_ends(server, client, port):
    """What the client prints, each of the two on a core of its own."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    first, second = (["taskset", "-c", str(core), *map(str, words)] for core, words in zip(cores, (server, client)))
    with subprocess.Popen(first, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as serving:
        for _ in range(200):
            if listens(port):
                break
            time.sleep(0.02)
        done = subprocess.run(second, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            serving.kill()
            sys.exit(f"compare_peers: {' '.join(second)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def ucx_perftest(test, size, iterations):
    port = next(PORTS)
    common = ["ucx_perftest", "-p", port]
    said = of_both_ends(common, [*common, "127.0.0.1", "-t", test, "-s", size, "-n", iterations, "-w", 100, "-O", 1, "-f", "-v"], port)
    return {name: float(value) for name, value in next(csv.DictReader(said.splitlines()[-2:])).items()}


def ucx_times(size, iterations):
    """Medians one way, us: of a ping-pong, and of a stream in which a send waits for the one before."""
    return tuple(ucx_perftest(test, size, iterations)["50.0_percentile_lat"] for test in ("tag_lat", "tag_bw"))


def ofi_times(size, iterations):
    """The mean one way, us: fi_pingpong gives no other."""
    port = next(PORTS)
    common = ["fi_pingpong", "-e", "rdm", "-p", "tcp", "-m", "tagged", "-I", iterations, "-S", size]
    line = of_both_ends([*common, "-B", port], [*common, "-P", port, "127.0.0.1"], port).splitlines()[-1].split()
    return (float(line[6]),)


def compare_ping_pong(options):
    theirs = {"ucx": ucx_times, "ofi": ofi_times}[options.what]
    column, most = {"ucx": ("time_us_median", 50000), "ofi": ("time_us_mean_of_ranks", 3000)}[options.what]
    others = {"ucx": ["ucx_perftest tag_lat", "ucx_perftest tag_bw -O 1"], "ofi": ["fi_pingpong"]}[options.what]
    print(f"# weft's ping-pong over {options.what} / {' and / '.join(others)}: {column}, one way, one hot buffer, in turns")
    print("# size, ratio and quartiles and launches for each, weft us, theirs us")
    for text in PING_PONG_SIZES:
        size = to_bytes(text)
        iterations = max(200, min(most, int(5e8 / (size + 20000))))
        times = []
        for turn in range(options.rounds):
            def ours():
                rows = weft_rows(options.weft, 2, ["send_recv", "-t", options.what, "-b", size, "-e", size, "--cache", "hot", "--sync", "none",
                                                   "-n", iterations, "-w", 100, "-c", 0,
                                                   *(["--ofi-provider", "tcp"] if options.what == "ofi" else [])], launch=local)
                return float(next(row for row in rows if row["operation"] == "pingpong")[column])
            own, other = (ours(), theirs(size, iterations)) if turn % 2 == 0 else reversed((theirs(size, iterations), ours()))
            times.append((own, *other))
        ratios = "  ".join(spread([row[0] / row[k] for row in times]) for k in range(1, len(times[0])))
        medians = "  ".join(f"{statistics.median(column):.3f}" for column in zip(*times))
        print(f"{text:>6}  {ratios}  {medians}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["shm", "osu", "ucx", "ofi"])
    parser.add_argument("--weft", default=ROOT / "build" / "release" / "weft", help="the program")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9, help="launches of each")
    parser.add_argument("--budget", default="0.3", help="seconds of timed iterations per point")
    parser.add_argument("--operations", default="all_reduce,all_to_all")
    parser.add_argument("--tuned", action="store_true", help="keep malloc from returning memory, for Open MPI's large temporaries")
    parser.add_argument("--osu", help="folder with OSU Micro-Benchmarks, built")
    options = parser.parse_args()
    program, package = {"ucx": ("ucx_perftest", "ucx-utils"), "ofi": ("fi_pingpong", "libfabric-bin")}.get(
        options.what, ("mpirun", "openmpi-bin"))
    if shutil.which(program) is None:
        sys.exit(f"compare_peers: there is no {program} on PATH: install {package}")
    if options.what == "osu" and not options.osu:
        sys.exit("compare_peers: osu needs --osu DIR, the folder with OSU Micro-Benchmarks, built")
    {"shm": compare_shm, "osu": compare_osu}.get(options.what, compare_ping_pong)(options)


if __name__ == "__main__":
    main()
