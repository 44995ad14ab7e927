"""The command line of scripts/prove."""

import argparse
import importlib
import pathlib
import sys
import time
from dataclasses import dataclass

from . import report
from .program import ROOT, NotRun, ProofFailed, Weft, cores

# Each is a file here with TITLE and prove(options, say), which returns a Section. In the order of the report.
PROOFS = ("coverage", "clocks", "fits", "robustness", "gate", "gate_real", "peers", "mutations", "tightness", "volume", "damage",
          "slowdown", "destinations", "traces", "hosts", "hosts_lost")
USAGE = 2


@dataclass
class Options:
    """What a proof needs to know."""

    weft: Weft
    quick: bool
    real_pairs: int
    osu: pathlib.Path | None
    imb: pathlib.Path | None
    delay: pathlib.Path
    simulated: bool = False

    def need_this_machine(self):
        """Called by what measures this machine, which other programs disturb."""
        if self.simulated:
            raise NotRun("left out by --simulated")

    def count(self, full, quick):
        return quick if self.quick else full


def machine_in_words():
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    return f"{cores()} {'virtual ' if 'hypervisor' in text else ''}cores"


def parse(arguments, description):
    parser = argparse.ArgumentParser(prog="prove", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proofs", nargs="*", metavar="NAME", help=f"which: {', '.join(PROOFS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="few runs of each: shows that the proofs work, proves little")
    parser.add_argument("--simulated", action="store_true",
                        help="leave out what measures this machine: other programs do not disturb the rest")
    parser.add_argument("--weft", default=ROOT / "build/release/weft", help="the program (default: the release build's)")
    parser.add_argument("--delay", type=pathlib.Path, default=ROOT / "build/release/tests/delay/libweft_pmpi_delay.so",
                        help="the library that delays MPI calls (default: the release build's)")
    parser.add_argument("--osu", type=pathlib.Path, help="folder with OSU Micro-Benchmarks, built")
    parser.add_argument("--imb", type=pathlib.Path, help="the program IMB-MPI1")
    parser.add_argument("--real-pairs", type=int, default=20, help="pairs of campaigns on this machine (default: 20)")
    parser.add_argument("--machine", default=machine_in_words(), help="this machine in words, for the report")
    parser.add_argument("--report", type=pathlib.Path, help="the report (default: docs/accuracy.md; with --quick none)")
    return parser.parse_args(arguments)


def refuse(sentence):
    print(f"prove: {sentence}", file=sys.stderr)
    return USAGE


def flaw_of(given):
    """Why the command line cannot be followed, as a sentence, or None."""
    for name in given.proofs:
        if name not in PROOFS:
            return f"there is no proof '{name}': known are {', '.join(PROOFS)}"
    if not pathlib.Path(given.weft).is_file():
        return f"{given.weft} does not exist: run scripts/build, or give --weft"
    if given.osu is not None and not given.osu.is_dir():
        return f"--osu {given.osu}: there is no such folder"
    if given.imb is not None and not given.imb.is_file():
        return f"--imb {given.imb}: there is no such program"
    if given.real_pairs < 1:
        return "--real-pairs: give 1 or more"
    return None


def run_one(name, options, machine):
    """The section's text and its claims; a proof that cannot be run says so in its section."""
    proof = importlib.import_module(f".{name}", __package__)

    def say(text):
        print(f"{name}: {text}", flush=True)

    started = time.monotonic()
    try:
        section = proof.prove(options, say)
    except NotRun as reason:
        section = report.Section(proof.TITLE, proof.__doc__)
        section.claim("all of it", str(reason), None)
    for claim in section.claims:
        say(f"{claim.verdict}: {claim.text}: {claim.figure}")
    return report.section_text(name, section, machine, time.monotonic() - started), section.claims


def main(arguments, description):
    given = parse(arguments, description)
    flaw = flaw_of(given)
    if flaw is not None:
        return refuse(flaw)
    options = Options(Weft(given.weft), given.quick, given.real_pairs, given.osu, given.imb, given.delay, given.simulated)
    path = given.report or (None if given.quick else ROOT / "docs/accuracy.md")
    claims, broken = [], False
    for name in PROOFS:
        if given.proofs and name not in given.proofs:
            continue
        try:
            text, found = run_one(name, options, given.machine)
        except ProofFailed as error:
            print(f"prove: {name}: {error}", file=sys.stderr)
            broken = True
            continue
        claims += found
        if path is not None:
            report.write(path, {name: text}, PROOFS)  # at once: the next proof may take long
    missed = [claim for claim in claims if claim.met is False]
    print(f"{sum(claim.met is True for claim in claims)} claims met, {len(missed)} not met, "
          f"{sum(claim.met is None for claim in claims)} not run")
    return 1 if missed or broken else 0
