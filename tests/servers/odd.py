"""A small HTTP/1.1 server that misbehaves as it is told: odd.py PORT MANNER

polite     tells when it is read to, and closes what is at rest at TERM
eager      reads again at once behind each answer, before it waits
blocking   has a thread for each connection, whose calls block
shared     has a process for each connection; the first holds the connection too, 300 ms longer
shutdown   shuts all connections down at TERM
lingering  goes on for two seconds after TERM, and says close with each answer
churning   closes and opens all the time, in the numbers that were just closed, and tells whether a stranger was marked
two-users  has a second process, of the user nobody

/?ms=N     is answered after N milliseconds
/pid       is answered with the id of the process

USR1: says the low-water mark of each connection. A line of its own on the standard output each time.
"""

import contextlib
import os
import selectors
import signal
import socket
import sys
import threading
import time

PORT, MANNER = int(sys.argv[1]), sys.argv[2]
NOBODY = 65534
LINGER = 2.0
HOLDS_LONGER = 0.3

selector = selectors.DefaultSelector()
connections = {}
told = {"stop": None, "says": 0}
strangers = {"seen": 0, "marked": 0}


def say(text):
    os.write(1, (text + "\n").encode())


def mark(sock):
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)


def say_marks(*_):
    told["says"] += 1
    marks = " ".join(str(mark(sock)) for sock in list(connections) if sock.fileno() >= 0)
    say(f"marks {told['says']}: {marks}")


def stop(*_):
    told["stop"] = told["stop"] or time.monotonic()


class Requests:
    """What came on one connection: a request at a time, in their order."""

    def __init__(self):
        self.bytes, self.due, self.body, self.close, self.count = b"", None, b"", False, 0

    def begin(self):
        """Begins the next request, if all of its head and body is here."""
        end = self.bytes.find(b"\r\n\r\n")
        if self.due is not None or end < 0:
            return
        head = self.bytes[:end].decode("latin-1")
        lower = head.lower()
        length = int(lower.split("content-length:")[1].split("\r\n")[0]) if "content-length:" in lower else 0
        if len(self.bytes) < end + 4 + length:
            return
        self.bytes = self.bytes[end + 4 + length :]
        path = head.split(" ")[1]
        self.body = str(os.getpid()).encode() if path == "/pid" else b"ok"
        self.close = "connection: close" in lower
        self.due = time.monotonic() + (int(path.split("ms=")[1]) / 1000 if "ms=" in path else 0)

    def answer(self):
        """The answer that is due, or nothing."""
        if self.due is None or time.monotonic() < self.due:
            return b""
        self.due = None
        self.count += 1
        self.close |= told["stop"] is not None or MANNER == "churning" and self.count % 5 == 0
        close = b"Connection: close\r\n" if self.close else b""
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(self.body), close, self.body)


def end(sock):
    connections.pop(sock, None)
    if MANNER != "blocking":
        selector.unregister(sock)
    if MANNER == "shared":
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def read(sock):
    requests = connections[sock]
    try:
        more = sock.recv(65536)
    except BlockingIOError:
        return
    except OSError:
        more = b""
    if more:
        requests.bytes += more
        requests.begin()
    else:
        end(sock)


def answer(sock):
    requests = connections[sock]
    while True:
        said = requests.answer()
        if not said:
            return
        try:
            sock.sendall(said)
        except OSError:
            requests.close = True
        if requests.close:
            end(sock)
            return
        requests.begin()
        if MANNER == "eager":
            read(sock)
            if sock not in connections:
                return


def accept(listener):
    global selector
    try:
        sock, _ = listener.accept()
    except BlockingIOError:
        return
    if MANNER == "shared" and os.fork() == 0:
        connections.clear()
        selector = selectors.DefaultSelector()  # that of the first process is shared
        listener.close()
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    elif MANNER == "shared":
        connections[sock] = None
        return
    connections[sock] = Requests()
    sock.setblocking(MANNER == "blocking")
    if MANNER == "blocking":
        threading.Thread(target=serve_blocking, args=[sock], daemon=True).start()
    else:
        selector.register(sock, selectors.EVENT_READ)


def serve_blocking(sock):
    requests = connections[sock]
    while sock in connections:
        read(sock)
        while requests.due is not None and sock in connections:
            time.sleep(max(0, requests.due - time.monotonic()))
            answer(sock)


def be_strangers():
    """Takes the numbers that are free, for an instant, again and again."""
    while True:
        taken = [socket.socket() for _ in range(16)]
        time.sleep(0.0005)
        strangers["seen"] += len(taken)
        strangers["marked"] += sum(mark(sock) != 1 for sock in taken)
        for sock in taken:
            sock.close()


def at_rest(requests):
    return requests is None or requests.due is None


def close_shared():
    """Each child goes at once, and with it its part of the connection; ours goes later."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    time.sleep(HOLDS_LONGER)
    say("letting go")


def is_over():
    """What is done about the stop; whether that is all."""
    if MANNER == "shared":
        close_shared()
        return True
    if MANNER == "shutdown":
        for sock in connections:
            sock.shutdown(socket.SHUT_RDWR)
        return True
    if MANNER == "lingering":
        return time.monotonic() > told["stop"] + LINGER
    for sock in [sock for sock, requests in list(connections.items()) if at_rest(requests)]:
        if MANNER == "blocking":
            connections.pop(sock)
        else:
            end(sock)
    return not connections


def main():
    global selector
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGUSR1, say_marks)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if MANNER == "shared":
        os.setpgid(0, 0)
    listener = socket.create_server(("127.0.0.1", PORT), backlog=512)
    listener.setblocking(False)
    if MANNER == "two-users" and os.fork() == 0:
        selector = selectors.DefaultSelector()
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    else:
        say(f"pid {os.getpid()}")
    selector.register(listener, selectors.EVENT_READ)
    if MANNER == "churning":
        threading.Thread(target=be_strangers, daemon=True).start()
    while True:
        for key, _ in selector.select(0.005):
            if key.fileobj is listener:
                accept(listener)
            elif key.fileobj in connections:
                read(key.fileobj)
        if MANNER != "blocking":
            for sock, requests in list(connections.items()):
                if requests is not None:
                    answer(sock)
        if told["stop"] is not None and is_over():
            say(f"strangers: {strangers['seen']} seen, {strangers['marked']} marked")
            os._exit(0)


main()
