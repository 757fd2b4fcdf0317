"""Sockets that take the numbers of connections, and are to be left alone."""

import os
import selectors
import socket

import serving
from manner import say

seen = marked = 0
# Of each connection: it has received as many bytes, so that by its counters it is the same.
strangers = {}


def stranger(received):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        sock, _ = listener.accept()
    peer.sendall(b"x" * received)
    assert len(sock.recv(received, socket.MSG_WAITALL)) == received
    sock.setblocking(False)
    return sock, peer


def say_figures():
    say(f"strangers: {seen} seen, {marked} marked")


def look(socks):
    global seen, marked
    for sock in socks:
        seen += 1
        marked += serving.mark(sock) != 1


def move_all():
    """Gives each connection another number; in the one that it had there is a stranger, until the next move."""
    global strangers
    look(sock for _, sock, _ in strangers.values())
    moved = {}
    for old, requests in list(serving.connections.items()):
        if requests.count == 0:
            continue
        received, sock, peer = strangers.get(old, (0, None, None))
        if received != requests.received:
            sock, peer = stranger(requests.received)
        serving.selector.unregister(old)
        new = socket.socket(fileno=os.dup(old.fileno()))
        os.dup2(sock.fileno(), old.fileno(), inheritable=False)
        del serving.connections[old]
        serving.connections[new] = requests
        serving.selector.register(new, selectors.EVENT_READ)
        # The one before is closed: its number is free for the next.
        moved[new] = (requests.received, old, peer)
        if sock is not old:
            sock.close()
    strangers = moved
