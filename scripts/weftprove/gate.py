"""A campaign is 10 launches of `weft run broadcast -t model` between two ranks, 8 sizes from 64 B to 1 MiB, 400 samples each
with jitter of sigma 0.1; every launch draws a factor of its own with a coefficient of variation of 2 % on all times, and its
own jitter. Campaigns are compared by `weft compare` with its default rules; what counts is its exit code. Nothing changed
between the two of an A/A pair. A change is in the fabric: latency and wire time 5 % or 1 % longer, or 20 % at messages of
64 KiB only."""

import collections
import json
import pathlib
import shutil

from .program import ProofFailed, call, in_parallel, scratch
from .report import Section

TITLE = "The gate: false alarms, and what it finds"
LAUNCHES = 10
FABRIC = {"latency": "10us", "bandwidth": 10, "jitter": 0.1, "launch": 0.02}
SWEEP = ["broadcast", "-b", 64, "-e", "1M", "-f", 4, "-n", 400]
SLOWED = 65536

CHANGES = {
    "nothing": {},
    "+5 %": {"latency": "10500ns", "bandwidth": 10 / 1.05},
    "+1 %": {"latency": "10100ns", "bandwidth": 10 / 1.01},
    "+20 % at 64 KiB": {"slow": f"{SLOWED}:1.2"},
}
STEADY = "nothing, CV 0.5 %"  # launches that vary less: there the gate has power to say that nothing changed


def measure_campaign(weft, fabric, folder, seed, first, step):
    """LAUNCHES launches: numbers first, first + step, …"""
    for index in range(LAUNCHES):
        weft.model(SWEEP, fabric, folder / f"{index + 1:03}", seed, launch=first + step * index)


def compare(weft, base, new, despite=()):
    """Exit code, and the comparison as weft's JSON."""
    words = [weft.program, "compare", base, new, "--json", "-", *(word for key in despite for word in ("--despite", key))]
    done = call(words, expect=(0, 1, 2, 3))
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError as error:
        raise ProofFailed(f"weft compare --json printed no JSON but: {(done.stdout + done.stderr)[:200]}") from error


def regressed_sizes(comparison):
    return {point["bytes_per_rank"] for point in comparison["points"] if point["verdict"] == "regressed"}


def judge_pair(weft, seed):
    """{change: (exit code, regressed sizes)}: one base against a new campaign for each change."""
    found = {}
    with scratch() as place:
        folder = pathlib.Path(place)
        measure_campaign(weft, FABRIC, folder / "base", seed, 1, 2)
        for number, (name, change) in enumerate(CHANGES.items()):
            new = folder / f"new{number}"
            measure_campaign(weft, {**FABRIC, **change}, new, seed, 2, 2)
            code, comparison = compare(weft, folder / "base", new, ("configuration.fabric",) if change else ())
            found[name] = (code, regressed_sizes(comparison))
            shutil.rmtree(new)
        calm = {**FABRIC, "launch": 0.005}
        for side, first in (("calm", 1), ("calm2", 2)):
            measure_campaign(weft, calm, folder / side, seed, first, 2)
        code, comparison = compare(weft, folder / "calm", folder / "calm2")
        found[STEADY] = (code, regressed_sizes(comparison))
    return found


def prove(options, say):
    pairs = options.count(200, 10)
    section = Section(TITLE, __doc__.replace("\n", " "))
    say(f"{pairs} pairs on the model")
    found = in_parallel(lambda seed: judge_pair(options.weft, seed), range(1, pairs + 1), say)
    add_claims(section, found)
    return section


def add_claims(section, found):
    pairs = len(found)
    codes = {name: collections.Counter(one[name][0] for one in found) for name in (*CHANGES, STEADY)}
    section.claim(f"A/A on the model at CV 2 %: at most {15 * pairs // 200} of {pairs} pairs raise an alert (exit code 1)",
                  f"{codes['nothing'][1]}", codes["nothing"][1] <= 15 * pairs // 200)
    section.claim("a slow-down of 5 % is found in 95 % of the pairs or more (CV 2 %, n = 10)",
                  f"{100 * codes['+5 %'][1] / pairs:.1f} %", codes["+5 %"][1] >= 0.95 * pairs)
    section.claim("a slow-down of 1 % is flagged in 5 % of the pairs or fewer", f"{100 * codes['+1 %'][1] / pairs:.1f} %",
                  codes["+1 %"][1] <= 0.05 * pairs)
    local = sum(one["+20 % at 64 KiB"] == (1, {SLOWED}) for one in found)
    section.claim("a slow-down at one size is localised: that size is flagged and no other, in 95 % of the pairs or more",
                  f"{100 * local / pairs:.1f} %", local >= 0.95 * pairs)
    section.claim("where the launches vary by 0.5 % the gate says that nothing regressed (exit code 0), in 95 % or more",
                  f"{100 * codes[STEADY][0] / pairs:.1f} %", codes[STEADY][0] >= 0.95 * pairs)
    section.table(f"Exit codes of `weft compare` over {pairs} pairs of campaigns:",
                  ("what changed", "0 no regression", "1 regression", "2 incomparable", "3 inconclusive"),
                  [(name, *(counter[code] for code in range(4))) for name, counter in codes.items()])
    section.notes.append("With CV 2 % and 10 launches the smallest effect that can be excluded is 3.3 %, more than the threshold "
                         "of 3 %: where nothing changed, inconclusive is the honest answer.")
