"""What the server does about TERM."""

import os
import signal
import socket
import time

import serving
from manner import BUFFERS, MANNER, READS_WITHIN, say
from requests import stopped

LINGER = 2.0
HOLDS_LONGER = 0.3


def stop(*_):
    stopped["at"] = stopped["at"] or time.monotonic()
    serving.answer_held()


def is_at_rest(requests):
    if MANNER in BUFFERS and requests.bytes:
        # It has begun to read one.
        return False
    return requests is None or requests.due is None


def close_shared():
    """Each child goes at once, and with it its part of the connection; ours goes later."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    time.sleep(HOLDS_LONGER)
    say("letting go")


def shut_down():
    for sock in serving.connections:
        sock.shutdown(socket.SHUT_RDWR)
    time.sleep(LINGER)


def is_over():
    """Does what is to be done about the stop; whether that was all."""
    if stopped["at"] is None:
        return False
    if MANNER == "shared":
        close_shared()
        return True
    if MANNER == "shutdown":
        shut_down()
        return True
    if MANNER == "lingering":
        return time.monotonic() > stopped["at"] + LINGER
    if MANNER in READS_WITHIN:
        # Each thread ends its own.
        return not serving.connections
    for sock in [sock for sock, requests in list(serving.connections.items()) if is_at_rest(requests)]:
        if MANNER == "blocking":
            serving.connections.pop(sock)
        else:
            serving.end(sock)
    return not serving.connections
