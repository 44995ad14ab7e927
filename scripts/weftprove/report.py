"""What a proof says, and the report that keeps it: docs/accuracy.md, a section per proof. A proof that is run again
replaces its section; the others stay."""

import re
from dataclasses import dataclass, field

HEAD = """# Accuracy

What weft's figures are worth, proved against known truths. Written by `scripts/prove`, which runs every proof for real;
nothing here is edited by hand. How each proof works is in `scripts/weftprove/`, one file for each.

"""

MET, NOT_MET, NOT_RUN = "met", "not met", "not run"


@dataclass
class Claim:
    """One thing that was to be shown, and what came out."""

    text: str
    figure: str
    met: bool | None  # None: not run

    @property
    def verdict(self):
        return NOT_RUN if self.met is None else MET if self.met else NOT_MET


@dataclass
class Section:
    """What one proof found."""

    title: str
    how: str
    claims: list = field(default_factory=list)
    tables: list = field(default_factory=list)  # (caption, header, rows)
    notes: list = field(default_factory=list)

    def claim(self, text, figure, met):
        self.claims.append(Claim(text, figure, met))

    def table(self, caption, header, rows):
        self.tables.append((caption, header, rows))


def table_lines(header, rows):
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in cells:
        yield "| " + " | ".join(row) + " |"


def section_text(name, section, machine, seconds):
    lines = [f"<!-- {name} -->", f"## {section.title}", "", section.how, "",
             *table_lines(("Claim", "Found", "Verdict"), [(c.text, c.figure, c.verdict) for c in section.claims]), ""]
    for caption, header, rows in section.tables:
        lines += [caption, "", *table_lines(header, rows), ""]
    for note in section.notes:
        lines += [note, ""]
    lines += [f"Machine: {machine}. The proof took {seconds:.0f} s.", f"<!-- end of {name} -->", ""]
    return "\n".join(lines)


def sections_of(text):
    """{name: text} of a report."""
    return {match[1]: match[0] for match in re.finditer(r"<!-- (\w+) -->\n.*?<!-- end of \1 -->\n", text, re.DOTALL)}


def summary_lines(sections):
    """One line per proof: how many of its claims are met."""
    rows = []
    for text in sections.values():
        title = re.search(r"^## (.*)$", text, re.MULTILINE)[1]
        verdicts = re.findall(rf"\| ({MET}|{NOT_MET}|{NOT_RUN}) \|$", text, re.MULTILINE)
        counts = ", ".join(f"{verdicts.count(kind)} {kind}" for kind in (MET, NOT_MET, NOT_RUN) if kind in verdicts)
        rows.append((title, counts))
    return list(table_lines(("Proof", "Claims"), rows))


def write(path, new, order):
    """Puts the new sections into the report, which is made where there is none."""
    old = sections_of(path.read_text(encoding="utf-8")) if path.exists() else {}
    merged = {**old, **new}
    sections = {name: merged[name] for name in order if name in merged}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "\n".join(summary_lines(sections)) + "\n\n" + "\n".join(sections.values()), encoding="utf-8")
