"""A server with any number of listening sockets: python group.py HOST PORT MEMBERS [PROTOCOL].

Two requests at a time, 20 ms each. TERM: it closes all and answers what it has accepted. USR1: the member in the
middle of those that are left closes, as a worker that goes. USR2: one more joins, if it can. HUP: one listens elsewhere, as after a
reload. WINCH: the last one is shut down, and stays open. Each says so on a line of its own.
"""

import errno
import select
import signal
import socket
import sys
import threading
import time

HOST, PORT, MEMBERS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
# 262 is IPPROTO_MPTCP, which older versions of Python have no name for.
PROTOCOL = int(sys.argv[4]) if len(sys.argv) > 4 else 0
FAMILY = socket.AF_INET6 if ":" in HOST else socket.AF_INET
THREADS = 2
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

members = []
shut_down = []
stopping = threading.Event()


def join(port=PORT):
    member = socket.socket(FAMILY, socket.SOCK_STREAM, PROTOCOL)
    member.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if MEMBERS > 1:
        member.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    member.bind((HOST, port))
    member.listen(128)
    member.setblocking(False)
    members.append(member)


def queue(member):
    # tcpi_unacked of struct tcp_info: its accept queue.
    info = member.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(info[24:28], sys.byteorder)


def leave(*_):
    member = members.pop(len(members) // 2)
    queued = queue(member)
    member.close()
    print(f"one has left, queued: {queued}", flush=True)


def joined(*_):
    try:
        join()
        print("one has joined", flush=True)
    except OSError as error:
        print(f"none has joined: {errno.errorcode[error.errno]}", flush=True)


def shut(*_):
    shut_down.append(members.pop())
    queued = queue(shut_down[-1])
    shut_down[-1].shutdown(socket.SHUT_RDWR)
    print(f"one is shut down, queued: {queued}", flush=True)


def elsewhere(*_):
    join(0)
    print(f"also at {members[-1].getsockname()[1]}", flush=True)


def stop(*_):
    stopping.set()
    while members:
        members.pop().close()


def serve():
    while not stopping.is_set():
        try:
            ready, _, _ = select.select(list(members), [], [], 0.01)
            for member in ready[:1]:
                answer(member.accept()[0])
        except (BlockingIOError, ValueError, OSError):
            pass  # another thread was faster, or the member has left


def answer(client):
    with client:
        client.setblocking(True)
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            more = client.recv(4096)
            if not more:
                return
            asked += more
        time.sleep(0.5 if b"/slow " in asked else 0.02)
        client.sendall(BODY)


for _ in range(MEMBERS):
    join()
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGUSR1, leave)
signal.signal(signal.SIGUSR2, joined)
signal.signal(signal.SIGHUP, elsewhere)
signal.signal(signal.SIGWINCH, shut)
threads = [threading.Thread(target=serve) for _ in range(THREADS)]
for thread in threads:
    thread.start()
while not stopping.is_set():
    time.sleep(0.01)
for thread in threads:
    thread.join()
