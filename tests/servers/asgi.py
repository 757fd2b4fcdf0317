"""The ASGI application behind the tests: the paths of app.py, waited for without blocking the loop, and

/ws                  a WebSocket that says back what it hears
"""

import asyncio
import os
from urllib.parse import parse_qs

from pattern import pieces

WORK_MS = int(os.environ.get("WORK_MS", "20"))
SLOW_MS = 500


async def application(scope, receive, send):
    await {"lifespan": lifespan, "websocket": websocket, "http": http}[scope["type"]](scope, receive, send)


async def lifespan(_scope, receive, send):
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": message["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def websocket(_scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def http(scope, receive, send):
    path = scope["path"]
    query = parse_qs(scope["query_string"].decode())

    def number(name, default=0):
        return int(query.get(name, [default])[0])

    async def start(content_type, size=None, status=200):
        headers = [(b"content-type", content_type)]
        if size is not None:
            headers.append((b"content-length", str(size).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(body, more=True):
        await send({"type": "http.response.body", "body": body, "more_body": more})

    async def answer(body, status=200):
        await start(b"text/plain", len(body), status)
        await write(body, more=False)

    async def paced(line, content_type):
        await start(content_type)
        for event in range(number("n")):
            await asyncio.sleep(number("ms") / 1000)
            await write(line % event)
        await write(b"", more=False)

    if path == "/":
        await asyncio.sleep(number("ms", WORK_MS) / 1000)
        await answer(b"ok")
    elif path == "/slow":
        await asyncio.sleep(SLOW_MS / 1000)
        await answer(b"ok")
    elif path == "/pid":
        await answer(str(os.getpid()).encode())
    elif path == "/poll":
        await asyncio.sleep(number("ms") / 1000)
        await answer(b"polled")
    elif path == "/echo":
        await answer(await whole_body(receive))
    elif path == "/stream":
        await paced(b"data: %d\n\n", b"text/event-stream")
    elif path == "/close":
        await paced(b"line %d\n", b"text/plain")
    elif path == "/big":
        size = number("bytes")
        await start(b"application/octet-stream", size)
        for piece in pieces(size):
            await write(piece)
        await write(b"", more=False)
    else:
        await answer(b"no such path", 404)


async def whole_body(receive):
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)
