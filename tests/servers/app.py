"""The WSGI application behind the tests: answers that take a known time.

/       after WORK_MS milliseconds (20 by default; ?ms=N overrides), as one unit of work
/slow   after 500 ms
/pid    at once, with the id of the process that answers
"""

import os
import time
from urllib.parse import parse_qs

WORK_MS = int(os.environ.get("WORK_MS", "20"))
SLOW_MS = 500


def application(environ, start_response):
    path = environ.get("PATH_INFO", "/")
    status, body, work_ms = "200 OK", b"ok", 0
    if path == "/":
        query = parse_qs(environ.get("QUERY_STRING", ""))
        work_ms = int(query.get("ms", [WORK_MS])[0])
    elif path == "/slow":
        work_ms = SLOW_MS
    elif path == "/pid":
        body = str(os.getpid()).encode()
    else:
        status, body = "404 Not Found", b"no such path"
    time.sleep(work_ms / 1000)
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
