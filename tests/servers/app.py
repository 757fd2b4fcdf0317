"""The WSGI application behind the tests: gunicorn's own workers and waitress. Its paths are those of every server here:

/                    after WORK_MS milliseconds (20 by default; ?ms=N overrides), as one unit of work
/slow                after 500 ms
/pid                 at once, with the id of the process that answers
/poll?ms=N           a long poll: after N milliseconds
/echo                the request's whole body
/stream?n=N&ms=M     server-sent events: N, M milliseconds apart
/big?bytes=N         N bytes of a fixed pattern
/close?n=N&ms=M      N lines, M milliseconds apart, of no stated length: for HTTP/1.0, ended by the close
"""

import os
import time
from urllib.parse import parse_qs

from pattern import pieces

WORK_MS = int(os.environ.get("WORK_MS", "20"))
SLOW_MS = 500


def application(environ, start_response):
    path = environ.get("PATH_INFO", "/")
    query = parse_qs(environ.get("QUERY_STRING", ""))

    def number(name, default=0):
        return int(query.get(name, [default])[0])

    def answer(body, status="200 OK"):
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    def paced(line, content_type):
        start_response("200 OK", [("Content-Type", content_type)])
        for event in range(number("n")):
            time.sleep(number("ms") / 1000)
            yield line % event

    if path == "/":
        time.sleep(number("ms", WORK_MS) / 1000)
        return answer(b"ok")
    if path == "/slow":
        time.sleep(SLOW_MS / 1000)
        return answer(b"ok")
    if path == "/pid":
        return answer(str(os.getpid()).encode())
    if path == "/poll":
        time.sleep(number("ms") / 1000)
        return answer(b"polled")
    if path == "/echo":
        return answer(environ["wsgi.input"].read())
    if path == "/stream":
        return paced(b"data: %d\n\n", "text/event-stream")
    if path == "/close":
        return paced(b"line %d\n", "text/plain")
    if path == "/big":
        size = number("bytes")
        start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(size))])
        return pieces(size)
    return answer(b"no such path", "404 Not Found")
