"""`scripts/mutate` breaks the committed sources in one place at a time, where figures would become wrong without anything
failing loudly, builds what depends on the place, and runs the tests that are to notice."""

import re

from .program import ROOT, NotRun, call
from .report import Section

TITLE = "Mutations: does a test notice?"

# What is to be broken, and how the names of its mutations can be known.
PARTS = {
    "the synchronisation": "sync|start|round-time",
    "the percentile's index": "percentile",
    "the correction for several tests": "multiple-test",
    "the correction of the clocks' drift": "drift",
    "the check of the data": "data-check",
}


def prove(options, say):
    script = ROOT / "scripts/mutate"
    if not script.is_file():
        raise NotRun("there is no scripts/mutate")
    section = Section(TITLE, __doc__.replace("\n", " "))
    say("scripts/mutate builds and tests")
    done = call([script], expect=(0, 1), timeout=7200)
    said = [line.removeprefix("scripts/mutate: ") for line in done.stdout.splitlines() if line.startswith("scripts/mutate: ")]
    verdicts = dict(line.split(": ", 1) for line in said if ": " in line)
    for part, names in PARTS.items():
        found = [name for name in verdicts if re.search(names, name)]
        killed = [name for name in found if verdicts[name].startswith("killed")]
        section.claim(f"breaking {part} makes a named test fail", f"{len(killed)} of {len(found)}" if found else "there is no such mutation",
                      len(killed) == len(found) if found else None)
    section.claim("each mutation makes a named test fail", said[-1] if said else "nothing was said", done.returncode == 0)
    section.table("What came of each:", ("mutation", "outcome"), list(verdicts.items()))
    return section
