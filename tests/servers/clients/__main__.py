"""New connections at a fixed rate, in a protocol that is not plain HTTP/1.1: clients PROTOCOL ADDRESS RATE.

PROTOCOL is a module beside this one, ADDRESS is HOST:PORT or a unix path, RATE connections a second. Connection k starts at
k/RATE whether or not earlier ones have ended; one in 25 asks for the slow path. Ends when stdin does and all are over. Tells
of each by the lines that docs/matrix.md describes."""

import importlib
import itertools
import socket
import sys
import threading
import time

SLOW_EVERY = 25
TIMEOUT_S = 30

protocol = importlib.import_module(sys.argv[1], __package__ or None)
address, rate = sys.argv[2], float(sys.argv[3])
saying = threading.Lock()
over = threading.Event()


def say(line):
    with saying:
        print(line, flush=True)


class Phase:
    """How far a connection has come: connect, send, wait, response."""

    def __init__(self, number):
        self.number = number
        self.name = "connect"

    def sent(self):
        self.name = "wait"
        say(f"sent {self.number}")


def connect(phase):
    family = socket.AF_INET if ":" in address else socket.AF_UNIX
    to = address
    if family == socket.AF_INET:
        host, port = address.rsplit(":", 1)
        to = (host, int(port))
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(TIMEOUT_S)
        connection.connect(to)
    except BaseException:
        connection.close()
        raise
    phase.name = "send"
    return connection


def run(number):
    phase = Phase(number)
    slow = (number + 1) % SLOW_EVERY == 0
    try:
        if hasattr(protocol, "call"):
            result = protocol.call(address, slow, phase)
        else:
            with connect(phase) as connection:
                result = protocol.ask(connection, slow, phase)
    except TimeoutError:
        result = f"{phase.name}_timed_out"
    except EOFError:
        result = f"{phase.name}_closed"
    except ValueError:
        result = f"{phase.name}_malformed"
    except OSError as error:
        result = f"{phase.name}_errno_{error.errno}"
    say(f"end {number} {result}")


def until_told():
    sys.stdin.read()
    over.set()


threading.Thread(target=until_told, daemon=True).start()
started = time.monotonic()
for number in itertools.count():
    if over.wait(max(0, started + number / rate - time.monotonic())):
        break
    say(f"begin {number}")
    threading.Thread(target=run, args=(number,)).start()
