"""weft's all-reduce over tcp against Gloo's, as weft calls it."""

from . import collective

NEEDS = ()
OPERATIONS = ("all_reduce",)


def compare(weft, options):
    for operation in options.operations:
        collective.compare(operation, "Gloo", weft, options, lambda flags: weft.rows(options.ranks, [*flags, "-t", "tcp"]),
                           lambda flags: weft.rows(options.ranks, [*flags, "-t", "gloo", "--algorithm", "native"]))
