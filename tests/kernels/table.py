"""The table of ./run: table.py LINES, where each line is KERNEL and then what line.py prints, with tabs between. A column a
kernel; in each cell what was lost under lameduck, how many were waiting at the stop, and what one plain stop lost."""

import sys
from pathlib import Path


def cell(lost, waiting, plain, verdict):
    if verdict.startswith(("not tried", "refused")):
        return verdict
    said = f"**{lost}** of {waiting}"
    if plain:
        said += f" (plain {plain})"
    return said if verdict == "none lost" else f"{said}: {verdict}"


kernels, rows = [], {}
for line in Path(sys.argv[1]).read_text().splitlines():
    kernel, user, what, seen, plain, lost, waiting, verdict = line.split("\t")
    if kernel not in kernels:
        kernels.append(kernel)
    row = rows.setdefault((what, user), {"by": ""})
    row["by"] = row["by"] or seen
    row[kernel] = cell(lost, waiting, plain, verdict)

print("| what | user | gate, capture |", " | ".join(kernels), "|")
print("|---|---|---|" + "---|" * len(kernels))
for (what, user), row in rows.items():
    cells = [row.get(kernel, "-").replace("|", "\\|") for kernel in kernels]
    print("|", " | ".join([what, user, row["by"], *cells]), "|")
