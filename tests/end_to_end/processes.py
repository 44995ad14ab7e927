"""Looks at processes: who descends from whom, who lives, which is a rank."""

import os
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


def name(pid):
    """Empty where it has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def running(mark):
    """The processes whose environment or command line holds the mark, zombies apart."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if mark.encode() in (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


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
    return next(pid for pid in pids if name(pid) == f"weft-rank-{rank}")


def rank_supervisor(pids, rank):
    status = pathlib.Path(f"/proc/{rank_process(pids, rank)}/status").read_text()
    return int(status.split("PPid:")[1].split()[0])
