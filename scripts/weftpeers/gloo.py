"""weft's all-reduce over tcp against Gloo's, as weft calls it."""

from . import collective

NEEDS = ()
OPERATIONS = ("all_reduce",)


def compare(weft, options):
    for operation in options.operations:
        common = collective.arguments_of(operation, options, options.ranks)
        collective.compare(operation, "Gloo", weft, options, lambda: weft.rows(options.ranks, [*common, "-t", "tcp"]),
                           lambda: weft.rows(options.ranks, [*common, "-t", "gloo", "--algorithm", "native"]))
