"""Launches in turns, and what comes of them."""

import statistics


def in_turns(rounds, ours, theirs):
    """[(what ours() gave, what theirs() gave)] of so many rounds: ours, theirs, theirs, ours, …"""
    pairs = []
    for turn in range(rounds):
        if turn % 2 == 0:
            first = ours()
            pairs.append((first, theirs()))
        else:
            second = theirs()
            pairs.append((ours(), second))
    return pairs


def spread(values):
    """Median, quartiles and number of the ratios."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return f"{statistics.median(ordered):8.3f}   {ordered[quarter]:7.3f} - {ordered[-1 - quarter]:7.3f}   {len(ordered)}"


def medians(rows):
    """Of each column of the rows."""
    return "  ".join(f"{statistics.median(column):.3f}" for column in zip(*rows))
