"""One line about one trial: line.py USER WHAT ASKED FOLDER, with what `lameduck trial --json` wrote (FOLDER/out, FOLDER/err)
and the report of the drain in it (FOLDER/report). Where not all is well, what they say goes to stderr too."""

import json
import os
import re
import sys
from pathlib import Path


def lost(column):
    return column["lost"] + (column["kept_alive"] or {"lost": 0})["lost"]


def waiting(column):
    return column["unanswered_at_stop"] + (column["kept_alive"] or {"unanswered_at_stop": 0})["unanswered_at_stop"]


def numbers(match):
    return [int(group) for group in match.groups()]


def not_tried(log):
    said = [line for line in log.splitlines() if "lameduck: " in line]
    needed = re.search(r"Linux (\d+)\.(\d+)", said[-1]) if said else None
    if needed and numbers(re.match(r"(\d+)\.(\d+)", os.uname().release)) < numbers(needed):
        return f"refused, and said so: needs {needed[0]}"
    return "not tried: " + said[0].strip(" |") if said else None


def line(asked, folder):
    try:
        columns = {column["name"]: column for column in json.loads((folder / "out").read_text())["columns"]}
        drain = json.loads((folder / "report").read_text())
        column = columns["lameduck"]
    except (OSError, ValueError, KeyError) as error:
        return ["", "", "", "", not_tried((folder / "err").read_text()) or f"not tried: {error!r}"]
    seen = f"{drain['gate']}, {drain['capture']}"
    if drain["source"] != "sock_diag":
        seen += f", {drain['source']}"
    if lost(column):
        verdict = "LOST"
    elif column["killed"] or drain["outcome"] != "drained":
        verdict = f"none lost, but {'killed' if column['killed'] else drain['outcome']}"
    elif seen != asked:
        verdict = f"none lost, but asked for {asked}"
    else:
        verdict = "none lost"
    plain = lost(columns["plain"]) if "plain" in columns else ""
    return [seen, plain, lost(column), waiting(column), verdict]


user, what, asked, folder = sys.argv[1:]
fields = line(asked, Path(folder))
print("\t".join(map(str, [user, what, *fields])), flush=True)
if fields[-1] != "none lost":
    for name in ("out", "err", "report"):
        path = Path(folder, name)
        print(f"{name}: {path.read_text() if path.exists() else 'none'}", file=sys.stderr)
