"""What came on one connection, a request at a time and in their order, and the answers."""

import os
import time

from manner import BUFFERS, MANNER, say

HELD = float("inf")
ANSWERS_A_CONNECTION = 5

# When TERM came, if it did.
stopped = {"at": None}


class Requests:
    def __init__(self):
        self.bytes, self.received, self.count = b"", 0, 0
        self.due, self.body, self.close = None, b"", False

    def came(self, more):
        self.received += len(more)
        self.bytes += more
        self.begin()

    def begin(self):
        """Begins the next request, if all of its head and body is here. What is no request is one of /."""
        end = self.bytes.find(b"\r\n\r\n")
        if MANNER in BUFFERS and self.bytes[:1] == b"x":
            say("the rest of a body without its head")
            os._exit(1)
        if self.due is not None or end < 0:
            return
        head = self.bytes[:end].decode("latin-1")
        lower = head.lower()
        length = int(lower.split("content-length:")[1].split("\r\n")[0]) if "content-length:" in lower else 0
        if len(self.bytes) < end + 4 + length:
            return
        self.bytes = self.bytes[end + 4 + length :]
        self.count += 1
        path = (head.split(" ") + ["/"])[1]
        self.body = str(os.getpid()).encode() if path == "/pid" else b"ok"
        self.close = "connection: close" in lower
        takes = int(path.split("ms=")[1]) / 1000 if "ms=" in path else 0
        self.due = HELD if path == "/held" else time.monotonic() + takes

    def answer_held(self):
        if self.due == HELD:
            self.due = time.monotonic()

    def answer(self):
        """The answer that is due, or nothing."""
        if self.due is None or time.monotonic() < self.due:
            return b""
        self.due = None
        self.close |= stopped["at"] is not None or MANNER == "churning" and self.count % ANSWERS_A_CONNECTION == 0
        close = b"Connection: close\r\n" if self.close else b""
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(self.body), close, self.body)
