"""weft's collectives over tcp against Open MPI's own over its TCP (ob1, btl tcp), both under the same mpirun."""

from . import collective

NEEDS = (("mpirun", "openmpi-bin"),)
OPERATIONS = ("all_reduce", "all_to_all")


def compare(weft, options):
    launcher = weft.place.mpirun_over_tcp(options.ranks)
    for operation in options.operations:
        collective.compare(operation, "Open MPI", weft, options,
                           lambda flags: weft.rows_under(launcher, options.ranks, [*flags, "-t", "tcp"]),
                           lambda flags: weft.rows_under(launcher, options.ranks, [*flags, "-t", "mpi", "--algorithm", "native"]))
