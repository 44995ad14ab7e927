"""A routing trace as Megatron writes it (JSONL, DeepSeek-V4-Pro's shape) of 1 GB and a CSV of 10 million lines are made, then
replayed by `weft route` and, over the simulated fabric, by `weft run moe`, timed by the wall clock with the largest resident
set that the kernel counted. Then the last line of each is damaged in one way at a time: what is found only after all the
rest has been read must still be one sentence that names the file, with code 2. So must a layout, a model and a file of flags
of 10 million lines."""

import pathlib
import random
import tempfile

from .program import PATIENCE, call
from .report import Section
from .volume import timed_with_memory

TITLE = "Large and hostile traces"
MODEL, EXPERTS, TOP_K, LAYERS, RANKS, TOKENS = "deepseek-v4-pro", 384, 6, 61, 8, 8192
LARGE, LINES = 1 << 30, 10_000_000
MOST_MIB = 1024
RECORD = '{{"step": {}, "stage": "pre_dispatch", "block": "decoder", "layer": {}, "rank": {}, "num_tokens": {}, "topk": {}, "top_indices": {}}}\n'


def record(step, layer, rank, tokens, top_k=TOP_K):
    """A line; `tokens` are lists of experts, or such a list as text."""
    count = tokens.count("[") - 1 if isinstance(tokens, str) else len(tokens)
    return RECORD.format(step, layer, rank, count, top_k, tokens)


def write_trace(path, size):
    """At least so many bytes, whole steps of all layers and ranks."""
    draw = random.Random(1)
    lists = [str([draw.sample(range(EXPERTS), TOP_K) for _ in range(TOKENS)]) for _ in range(16)]
    step = 0
    with open(path, "w", encoding="ascii") as file:
        while file.tell() < size:
            for layer in range(LAYERS):
                for rank in range(RANKS):
                    file.write(record(step, layer, rank, lists[(step + 7 * layer + rank) % len(lists)]))
            step += 1
    return step


def write_lines(path, lines):
    """A token each, as many on every rank of every layer."""
    draw = random.Random(2)
    tails = [",".join(map(str, draw.sample(range(EXPERTS), TOP_K))) for _ in range(1000)]
    each = lines // (RANKS * LAYERS)
    with open(path, "w", encoding="ascii") as file:
        file.write("step,layer,rank,token," + ",".join(f"expert{place}" for place in range(TOP_K)) + "\n")
        for layer in range(LAYERS):
            for rank in range(RANKS):
                file.writelines(f"0,{layer},{rank},{token},{tails[(token + layer) % 1000]}\n" for token in range(each))
    return each * RANKS * LAYERS


def damages_of(step):
    """{what: the last line of a trace}"""
    good = [list(range(TOP_K))] * 2
    changed = lambda experts: record(step, 0, 0, [good[0], experts])  # noqa: E731
    return {
        "cut in the middle": record(step, 0, 0, good)[:-30],
        "a negative expert": changed([0, 1, 2, 3, 4, -5]),
        "an expert beyond the model's": changed([0, 1, 2, 3, 4, EXPERTS]),
        "an expert of 2^64": changed([0, 1, 2, 3, 4, 1 << 64]),
        "an expert twice": changed([0, 1, 2, 3, 4, 4]),
        "a token with too few experts": changed([0, 1, 2]),
        "a token with too many experts": changed(list(range(TOP_K + 1))),
        "another top-k": record(step, 0, 0, good, TOP_K + 2),
        "a rank of -1": record(step, 0, -1, good),
        "fewer tokens than it says": record(step, 0, 0, good).replace('"num_tokens": 2', '"num_tokens": 3'),
        "a member twice": record(step, 0, 0, good).replace('"layer": 0', '"layer": 0, "layer": 1'),
        "a member missing": record(step, 0, 0, good).replace('"rank": 0, ', ""),
        "a hundred thousand open brackets": '{"top_indices": ' + "[" * 100_000,
        "a step without the other ranks": record(step, 0, 0, good),
        "binary": "\x00\x01\x02\x03",
    }


def line_damages(last):
    """{what: the last line of a CSV}, whose `last` rank and token are known."""
    layer, rank, token = last
    head = f"0,{layer},{rank},"
    return {
        "cut in the middle": f"{head}{token},1,2",
        "a negative expert": f"{head}{token},1,2,3,4,5,-6\n",
        "an expert twice": f"{head}{token},1,2,3,4,5,5\n",
        "too many columns": f"{head}{token},1,2,3,4,5,6,7\n",
        "too few columns": f"{head}{token},1,2,3,4,5\n",
        "a token left out": f"{head}{token + 1},1,2,3,4,5,6\n",
        "a word for a number": f"{head}{token},1,2,3,four,5,6\n",
        "a quote that stays open": f'{head}{token},1,2,3,4,5,"6\n',
    }


def finding(done, name):
    said = done.stderr.strip()
    if done.returncode != 2:
        return f"exit code {done.returncode}"
    if "\n" in said or len(said) > 500:
        return f"{len(said.splitlines())} lines of error"
    return "refused" if name in said else "refused, but the file is not named"


def replay(options, path, section, what, rows):
    """Both programs over the whole of a recording."""
    common = ["--model", MODEL, "--ranks", RANKS, "--router", f"replay:{path}"]
    with tempfile.TemporaryDirectory(prefix="weft-prove-") as out:
        for name, command in (("route", ["route", *common]),
                              ("run moe", ["run", "moe", *common, "-t", "model", "--algorithm", "linear", "-n", 1, "-c", 0,
                                           "--noise-probe", 0, "--timeout", PATIENCE, "--out", f"{out}/run"])):
            seconds, mib, code = timed_with_memory([options.weft.program, *command])
            rows.append((what, f"weft {name}", f"{seconds:.1f}", f"{path.stat().st_size / seconds / 1e6:.0f}", f"{mib:.0f}"))
            section.claim(f"`weft {name}` replays {what} in less than 1 GiB", f"{mib:.0f} MiB, {seconds:.1f} s, exit code {code}",
                          code == 0 and mib < MOST_MIB)


def refuse_all(options, path, damages, folder, rows):
    """Each damage as the last line of the file, which is put back."""
    whole = path.stat().st_size
    bad = 0
    for what, line in damages.items():
        with open(path, "ab") as file:
            file.write(line.encode("latin-1"))
        done = call([options.weft.program, "route", "--model", MODEL, "--ranks", RANKS, "--router", f"replay:{path}"], expect=None)
        found = finding(done, path.name)
        bad += found != "refused"
        rows.append((path.suffix, what, found, done.stderr.strip().replace(f"{folder}/", "")[:200]))
        with open(path, "ab") as file:
            file.truncate(whole)
    return bad


def refuse_other_files(options, folder, lines, rows):
    """Ten million lines where a layout, a model and a file of flags are needed."""
    bad = 0
    for name, line, command in (("layout.json", '"model": "deepseek-v4-pro",\n', ["layout"]),
                                ("model.json", '"hidden_size": 7168,\n', ["route", "--model"]),
                                ("flags.toml", "iterations = 3\n", ["run", "all_reduce", "--config"])):
        path = folder / name
        path.write_text(("{\n" if name.endswith(".json") else "") + line * lines, encoding="ascii")
        done = call([options.weft.program, *command, path], expect=None)
        found = finding(done, name)
        bad += found != "refused"
        rows.append((name, f"{lines:,} lines", found, done.stderr.strip().replace(f"{folder}/", "")[:200]))
        path.unlink()
    return bad


def prove(options, say):
    section = Section(TITLE, __doc__.replace("\n", " "))
    times, refusals = [], []
    with tempfile.TemporaryDirectory(prefix="weft-prove-") as place:  # on the disk, as memory is what is looked at
        folder = pathlib.Path(place)
        trace, lines = folder / "trace.jsonl", folder / "decisions.csv"
        say("making the trace")
        write_trace(trace, options.count(LARGE, 1 << 24))
        replay(options, trace, section, f"a trace of {trace.stat().st_size / 1e9:.2f} GB", times)
        refused = call([options.weft.program, "run", "moe", "--model", MODEL, "--ranks", RANKS, "-t", "model", "--dispatcher", "all",
                        "--router", f"replay:{trace}", "--out", folder / "run"], expect=None)
        section.claim("what is too much to be kept token by token (`--dispatcher`) is refused, not kept", refused.stderr.strip()[-200:],
                      finding(refused, "--dispatcher") == "refused" or options.quick)
        trace.unlink()
        say("making the lines")
        count = write_lines(lines, options.count(LINES, 100_000))
        replay(options, lines, section, f"a CSV of {count:,} lines", times)
        lines.unlink()
        say("damaging")
        steps = write_trace(trace, options.count(LARGE >> 4, 1))
        bad = refuse_all(options, trace, damages_of(steps), folder, refusals)
        each = write_lines(lines, options.count(LINES // 10, 10_000)) // (RANKS * LAYERS)
        bad += refuse_all(options, lines, line_damages((LAYERS - 1, RANKS - 1, each)), folder, refusals)
        bad += refuse_other_files(options, folder, options.count(LINES, 1_000_000), refusals)
    section.claim("what is wrong in the last line, or larger than any such file, is refused with code 2 and one sentence", f"{len(refusals) - bad} of {len(refusals)}", bad == 0)
    section.table("Time and memory:", ("recording", "program", "s", "MB/s", "largest resident set, MiB"), times)
    section.table("What was wrong, and the sentence:", ("file", "last line, or all", "found", "sentence"), refusals)
    return section
