"""The server's connections: accepted, read, answered, ended."""

import contextlib
import os
import select
import selectors
import signal
import socket
import struct
import threading
import time

from manner import FLIPS, MANNER, READS_WITHIN, THREADED, say
from requests import Requests, stopped

# For so long one that flips waits without blocking, in seconds.
AT_REST = 0.02

selector = selectors.DefaultSelector()
# None for those that a process of their own serves, the first of which this is.
connections = {}
children = []
counted = {"says": 0, "ended": 0}


def mark(sock):
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)


def say_marks():
    counted["says"] += 1
    marks = " ".join(str(mark(sock)) for sock in list(connections) if sock.fileno() >= 0)
    say(f"marks {counted['says']}: {marks}")


def answer_held(*_):
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGUSR2)
    for requests in list(connections.values()):
        if requests is not None:
            requests.answer_held()


def read_in_all():
    return counted["ended"] + sum(requests.count for requests in connections.values() if requests is not None)


def forget():
    """What is of the process before a fork."""
    global selector
    connections.clear()
    children.clear()
    selector = selectors.DefaultSelector()


def end(sock):
    requests = connections.pop(sock, None)
    counted["ended"] += requests.count if requests is not None else 0
    if not THREADED:
        selector.unregister(sock)
    if MANNER == "shared":
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def read(sock):
    try:
        more = sock.recv(65536)
    except BlockingIOError:
        return
    except OSError:
        more = b""
    if more:
        connections[sock].came(more)
    else:
        end(sock)


def answer(sock):
    requests = connections[sock]
    while said := requests.answer():
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
    try:
        sock, _ = listener.accept()
    except BlockingIOError:
        return
    if MANNER == "shared":
        if child := os.fork():
            children.append(child)
            connections[sock] = None
            return
        forget()
        listener.close()
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    connections[sock] = Requests()
    sock.setblocking(THREADED)
    if MANNER in READS_WITHIN:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, READS_WITHIN[MANNER]))
    if THREADED:
        threading.Thread(target=serve_blocking, args=[sock], daemon=True).start()
    else:
        selector.register(sock, selectors.EVENT_READ)


def serve_blocking(sock):
    requests = connections[sock]
    while sock in connections:
        if MANNER in FLIPS:
            sock.setblocking(False)
            select.select([sock], [], [], AT_REST)
            sock.setblocking(True)
        read(sock)
        if MANNER in READS_WITHIN and stopped["at"] is not None and sock in connections and requests.due is None:
            end(sock)
        while requests.due is not None and sock in connections:
            time.sleep(0.001)
            answer(sock)


def turn(listener, waits):
    """Does what there is to do; waits for so many seconds at most."""
    for key, _ in selector.select(waits):
        if key.fileobj is listener:
            accept(listener)
        elif key.fileobj in connections:
            read(key.fileobj)
    if THREADED:
        return
    for sock, requests in list(connections.items()):
        if requests is not None:
            answer(sock)
        if MANNER == "hasty" and sock in connections:
            read(sock)
