"""`weft route` draws a million tokens for each row of the table of distinct destinations, uniformly; nodes have 8 ranks. Beside
the measured means of a token's distinct ranks and nodes stand the closed form, written here a second time, D(R) = R (1 -
C(E - E/R, k) / C(E, k)), and the published or derived value. DeepSeek-V3 limits a token to 4 of 8 groups, for which there
is no closed form: its published value was simulated elsewhere. Its ungrouped row is the same model without the limit."""

import json
import math
import pathlib

from .program import ROOT, call, in_parallel, scratch
from .report import Section

TITLE = "Distinct destinations of a million tokens"
TOKENS = 1_000_000
PER_NODE = 8
LIMIT = 0.005
# model, expert ranks, distinct ranks, distinct nodes
TABLE = (("deepseek-v4-pro", 32, 5.58, 3.30), ("deepseek-v4-pro", 64, 5.81, 4.43), ("deepseek-v4-pro", 128, 5.92, 5.17),
         ("deepseek-v4-flash", 32, 5.60, 3.30), ("deepseek-v4-flash", 64, 5.83, 4.44), ("deepseek-v4-flash", 128, 5.94, 5.18),
         ("deepseek-v3", 64, 7.49, 3.95), ("deepseek-v3, ungrouped", 64, 7.68, 5.29), ("kimi-k2", 64, 7.64, 5.28),
         ("qwen3-235b-a22b", 32, 7.36, 3.63), ("qwen3-235b-a22b", 64, 7.78, 5.34), ("gpt-oss-120b", 64, 3.95, 3.34))


def closed_form(experts, top_k, destinations):
    return destinations * (1 - math.comb(experts - experts // destinations, top_k) / math.comb(experts, top_k))


def shape_of(name):
    """The model's config.json; without its groups where the name says so."""
    shape = json.loads((ROOT / f"models/{name.split(',')[0]}.json").read_text(encoding="utf-8"))
    return {key: value for key, value in shape.items() if "ungrouped" not in name or key not in ("n_group", "topk_group")}


def experts_of(shape):
    return next(shape[key] for key in ("n_routed_experts", "num_experts", "num_local_experts") if key in shape)


def measured(weft, folder, name, ranks, tokens):
    """{fact: mean over all tokens}"""
    file = folder / f"{name}-{ranks}.json"
    file.write_text(json.dumps(shape_of(name)), encoding="utf-8")
    done = call([weft, "route", "--model", file, "--ranks", ranks, "--ranks-per-node", PER_NODE, "--routings", 1,
                 "--tokens", -(-tokens // ranks), "--json", "-"])
    return {fact: figures["measured"] for fact, figures in json.loads(done.stdout)["routers"][0]["routing"].items()}


def prove(options, say):
    section = Section(TITLE, __doc__.replace("\n", " "))
    tokens = options.count(TOKENS, 20_000)
    with scratch() as place:
        say(f"{len(TABLE)} rows of {tokens} tokens")
        found = in_parallel(lambda row: measured(options.weft.program, pathlib.Path(place), row[0], row[1], tokens), TABLE)
    rows, worst = [], {"formula": 0.0, "table": 0.0}
    for (name, ranks, *published), facts in zip(TABLE, found):
        shape = shape_of(name)
        grouped = shape.get("n_group", 1) > shape.get("topk_group", 1)
        for fact, parts, value in zip(("distinct_ranks", "distinct_nodes"), (ranks, ranks // PER_NODE), published):
            form = None if grouped else closed_form(experts_of(shape), shape["num_experts_per_tok"], parts)
            if form is not None:
                worst["formula"] = max(worst["formula"], abs(facts[fact] / form - 1))
            worst["table"] = max(worst["table"], abs(facts[fact] / value - 1))
            rows.append((name, f"EP{ranks}", fact.replace("_", " "), f"{facts[fact]:.4f}", f"{form:.4f}" if form else "none", f"{value:.2f}"))
    for what, text in (("formula", "the closed form, where there is one"), ("table", "the published or derived value")):
        section.claim(f"the mean over {tokens:,} tokens is within {100 * LIMIT} % of {text}", f"at most {100 * worst[what]:.3f} % off",
                      worst[what] <= LIMIT)
    section.table("A token's destinations, its own included:", ("model", "experts on", "what", "measured", "closed form", "table"), rows)
    return section
