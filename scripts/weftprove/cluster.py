"""Several hosts out of this one for a proof: scripts/hosts, and ranks on them as a user starts them."""

import os
import shutil
import signal
import subprocess
import time

from .program import ROOT, NotRun, ProofFailed, environment

HOSTS = ROOT / "scripts/hosts"
PORT = 29500
SECRET = "sesame"
# Bytes of messages in a frame of 1,514, which is what HTB counts: Ethernet's header has 14, IPv4's 20, TCP's with timestamps 32.
FRAME, PAYLOAD = 1514, 1448

# The flags of weft with which each goes from host to host.
TRANSPORTS = {"mpi": (), "tcp": (), "ucx": (), "ofi": ("--ofi-provider", "tcp"), "gloo": ()}


def payload_rate(bits):
    """Bytes of messages per second over a link of that many bits per second."""
    return bits / 8 * PAYLOAD / FRAME


def need_hosts():
    if os.geteuid() != 0:
        raise NotRun("network namespaces need root")
    for name in ("ip", "tc", "unshare", "mpirun"):
        if shutil.which(name) is None:
            raise NotRun(f"{name} is not on PATH")
    probe = f"weft-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise NotRun(f"no network namespaces here: {made.stderr.strip()}")
    subprocess.run(["ip", "netns", "delete", probe], capture_output=True, check=False)


class Cluster:
    """`with Cluster(4, "200mbit") as cluster:`; at its end the hosts are gone, and all processes on them."""

    def __init__(self, size, rate=""):
        self.name, self.size, self.rate = f"p{os.getpid()}", size, rate
        self.processes = []

    def __enter__(self):
        self.hosts("up", self.size, *(("--rate", self.rate) if self.rate else ()))
        return self

    def __exit__(self, *_):
        self.hosts("down")
        for process in self.processes:
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:  # raised from here it would hide what went wrong before
                process.kill()
                process.wait()

    def hosts(self, *words):
        done = subprocess.run([HOSTS, "--name", self.name, *map(str, words)], capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise ProofFailed(f"scripts/hosts {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout

    def host(self, number):
        return f"weft-{self.name}-{number}"

    def on_host(self, number, words, variables=None):
        env = environment({name: str(value) for name, value in (variables or {}).items()})
        process = subprocess.Popen([HOSTS, "--name", self.name, "exec", str(number), "--", *map(str, words)], env=env, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def rank(self, rank, words, per_host=1, in_turn=False, variables=None):
        """A rank of the world env. Ranks lie in the order of the hosts, or are dealt to them in turn."""
        where = rank % self.size if in_turn else rank // per_host
        return self.on_host(where + 1, words, {"RANK": rank, "WORLD_SIZE": self.size * per_host, "MASTER_ADDR": self.host(1),
                                               "MASTER_PORT": PORT, "WEFT_SECRET": SECRET, **(variables or {})})

    def ranks(self, words, **how):
        return [self.rank(rank, words, **how) for rank in range(self.size * how.get("per_host", 1))]

    def mpirun(self, words, per_host=1, in_turn=False, variables=None):
        place = "node" if in_turn else f"ppr:{per_host}:node"
        exported = [word for pair in (variables or {}).items() for word in ("-x", "=".join(pair))]
        return [self.on_host(1, ["mpirun", "-np", self.size * per_host, "--map-by", place, "--oversubscribe", "--bind-to", "none",
                                 *exported, *words])]

    def start(self, weft, transport, arguments, out, **how):
        """`weft run` on every host over the transport: mpi under mpirun, the others in the world env."""
        words = [weft.program, "run", *arguments, "-t", transport, *TRANSPORTS[transport], "--oversubscribe", "--noise-probe", 0, "--out", out]
        launch = self.mpirun if transport == "mpi" else self.ranks
        return launch(words, **how)


def end(processes, seconds):
    """[(exit code, what it printed, what it said)]; ProofFailed where one does not end in time."""
    until = time.monotonic() + seconds
    try:
        results = [process.communicate(timeout=max(0.1, until - time.monotonic())) for process in processes]
    except subprocess.TimeoutExpired as error:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        raise ProofFailed(f"{' '.join(map(str, error.cmd))} did not end within {seconds} s") from error
    return [(process.returncode, *texts) for process, texts in zip(processes, results)]


def end_well(processes, seconds=240):
    """What the first process printed; ProofFailed where one ended with another code than 0."""
    ended = end(processes, seconds)
    for process, (code, printed, said) in zip(processes, ended):
        if code != 0:
            raise ProofFailed(f"{' '.join(map(str, process.args))} ended with {code}: {(said.strip() or printed.strip())[-400:]}")
    return ended[0][1]
