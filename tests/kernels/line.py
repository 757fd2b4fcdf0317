"""One line about one trial: line.py USER WHAT ASKED FOLDER, with what `lameduck trial --json` wrote (FOLDER/out, FOLDER/err)
and the report of the drain in it (FOLDER/report). Where not all is well, what they say goes to stderr too."""

import json
import sys
from pathlib import Path


def lost(column):
    return column["lost"] + (column["kept_alive"] or {"lost": 0})["lost"]


def waiting(column):
    return column["unanswered_at_stop"] + (column["kept_alive"] or {"unanswered_at_stop": 0})["unanswered_at_stop"]


def line(asked, folder):
    try:
        columns = {column["name"]: column for column in json.loads((folder / "out").read_text())["columns"]}
        drain = json.loads((folder / "report").read_text())
        column = columns["lameduck"]
    except (OSError, ValueError, KeyError) as error:
        said = (folder / "err").read_text().strip().splitlines() or [repr(error)]
        return ["", "", "", "", f"not tried: {said[-1]}"]
    seen = f"{drain['gate']}, {drain['capture']}"
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
