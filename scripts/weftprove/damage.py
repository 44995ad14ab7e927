"""Two small campaigns are made on the simulated fabric. Copies of one are damaged, one file in one launch at a time, and
given to `weft compare`, `weft check`, `weft show` and `scripts/plot.py`. Each must end with code 2 and one sentence on
standard error, which names the file, within 10 s. A program that does not read the damaged file may also say what it says without the damage."""

import json
import pathlib
import shutil
import sys

from .program import ROOT, ProofFailed, call, scratch
from .report import Section

TITLE = "Damage: one sentence, code 2"
PATIENCE = 10  # seconds


def cut(text):
    """In the middle of a line in the middle of the file."""
    middle = len(text) // 2
    return text[:middle - 1] if text[middle - 1:middle] == b"\n" else text[:middle]


def field_changed(text, line, column, value):
    rows = text.split(b"\r\n")
    place = rows[0].split(b",").index(column)
    fields = rows[line].split(b",")
    fields[place] = value
    rows[line] = b",".join(fields)
    return b"\r\n".join(rows)


def line_twice(text, line):
    rows = text.split(b"\r\n")
    return b"\r\n".join([*rows[:line + 1], rows[line], *rows[line + 1:]])


def with_many_columns(text):
    head, rest = text.split(b"\r\n", 1)
    return head + b"," + b",".join(b"x%d" % number for number in range(1_000_000)) + b"\r\n" + rest


def first_column_twice(text):
    return b"\r\n".join(b",".join([line.split(b",")[0], line]) if line else line for line in text.split(b"\r\n"))


# file: {what is done to it: how}
DAMAGES = {
    "points.csv": {
        "cut in the middle of a line": cut,
        "a wrong header": lambda text: text.replace(b"time_us_median,", b"time_us_middle,", 1),
        "a column twice": first_column_twice,
        "NaN for a time": lambda text: field_changed(text, 1, b"time_us_median", b"nan"),
        "a word for a number": lambda text: field_changed(text, 1, b"ranks", b"two"),
        "a negative time": lambda text: field_changed(text, 1, b"time_us_median", b"-1.5"),
        "a row twice": lambda text: line_twice(text, 1),
        "a million columns": with_many_columns,
        "no byte": lambda text: b"",
        "binary": lambda text: bytes(range(256)) * 64,
    },
    "samples.csv": {
        "cut in the middle of a line": cut,
        "a wrong header": lambda text: text.replace(b"completion_ns", b"completion_us", 1),
        "NaN for a time": lambda text: field_changed(text, 3, b"completion_ns", b"nan"),
        "a row twice": lambda text: line_twice(text, 3),
        "a million columns": with_many_columns,
        "binary": lambda text: bytes(range(256)) * 64,
    },
    "run.json": {
        "cut in the middle": cut,
        "no byte": lambda text: b"",
        "another schema": lambda text: json.dumps({**json.loads(text), "schema": 99}).encode(),
        "a list": lambda text: b"[1, 2, 3]",
        "binary": lambda text: bytes(range(256)) * 64,
    },
}


def commands(weft, base, new):
    """Each sees the damaged launch, the first of `new`."""
    launch = new / "001"
    return {
        "compare": [weft, "compare", base, new],
        "check": [weft, "check", launch],
        "show": [weft, "show", launch],
        "plot": [sys.executable, "-B", ROOT / "scripts/plot.py", launch, "--out", new / "plots"],
    }


def finding(done, calm, file):
    """'refused', 'not read', or what is wrong."""
    said = done.stderr.strip()
    if done.returncode == 2:
        if "\n" in said or len(said) > 500:
            return f"{len(said.splitlines())} lines of error"
        return "refused" if file in said else "refused, but the file is not named"
    if (done.returncode, done.stdout) == calm:
        return "not read"
    return f"exit code {done.returncode}"


def make_campaigns(weft, folder):
    fabric = {"latency": "10us", "bandwidth": 10, "jitter": 0.1, "launch": 0.01}
    for number in range(1, 13):
        weft.model(["broadcast", "-b", 64, "-e", "64K", "-f", 32, "-n", 50], fabric,
                   folder / ("base" if number % 2 else "new") / f"{(number + 1) // 2:03}", 1, launch=number)


def prove(options, say):
    section = Section(TITLE, __doc__.replace("\n", " "))
    weft = options.weft.program
    with scratch() as place:
        folder = pathlib.Path(place)
        make_campaigns(options.weft, folder)
        base, new = folder / "base", folder / "new"
        runs = commands(weft, base, new)
        calm = {}
        for name, command in runs.items():
            done = call(command, expect=None)
            calm[name] = (done.returncode, done.stdout)
            if done.returncode not in (0, 1, 3):
                raise ProofFailed(f"weft {name} cannot read what is not damaged: {done.stderr.strip()[:200]}")
        rows, bad, sentence = [], [], {}
        for file, damages in DAMAGES.items():
            for what, damage in damages.items():
                path = new / "001" / file
                shutil.copy(path, folder / "kept")
                path.write_bytes(damage(path.read_bytes()))
                found = {}
                for name, command in runs.items():
                    done = call(command, expect=None, timeout=PATIENCE)
                    found[name] = finding(done, calm[name], file)
                    if found[name] == "refused" and (file, what) not in sentence:
                        sentence[file, what] = done.stderr.strip().replace(str(folder) + "/", "")
                    if found[name] not in ("refused", "not read") or (found[name] == "not read" and file != "samples.csv"):
                        bad.append(f"{name}: {file}, {what}: {found[name]}")
                rows.append((file, what, *found.values(), sentence.get((file, what), "")))
                shutil.copy(folder / "kept", path)
        read_by = {name for row in rows if row[0] == "samples.csv" for name, cell in zip(runs, row[2:]) if cell == "refused"}
    for line in bad:
        say(line)
    section.claim("damaged files are refused with code 2 and one sentence", f"{len(rows) * len(runs) - len(bad)} of {len(rows) * len(runs)}",
                  not bad)
    section.claim("`weft compare` reads the samples, and refuses damaged ones", "yes" if "compare" in read_by else "no",
                  all(row[2] == "refused" for row in rows))
    section.table("What each program did, and one of the sentences:", ("file", "damage", *runs, "sentence"), rows)
    return section
