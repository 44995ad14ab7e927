"""Looks at processes: who descends from whom, who lives, which is a rank."""

import pathlib
import time


def children(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in text.split()]


def tree(pid):
    found = [pid]
    for child in children(pid):
        found += tree(child)
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def mapped_shared_memory(pids):
    """The files of /dev/shm that the processes use: MPI's, since weft's own have no name."""
    files = set()
    for pid in pids:
        try:
            lines = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        files |= {line[line.index("/dev/shm/"):] for line in lines if "/dev/shm/" in line}
    return files


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


def rank_process(pids, rank):
    names = {pid: pathlib.Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids}
    return next(pid for pid, name in names.items() if name == f"weft-rank-{rank}")


def rank_supervisor(pids, rank):
    status = pathlib.Path(f"/proc/{rank_process(pids, rank)}/status").read_text()
    return int(status.split("PPid:")[1].split()[0])
