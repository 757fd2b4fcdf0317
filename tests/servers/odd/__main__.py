"""A small HTTP/1.1 server that misbehaves as it is told: python tests/servers/odd PORT MANNER

polite     tells when it is read to, and closes what is at rest at TERM
eager      reads again at once behind each answer, before it waits
hasty      reads all its connections all the time, whether it was told to or not
blocking   has a thread for each connection, whose calls block
timed      the same, with SO_RCVTIMEO
flipping   the same, and blocks only while it reads
smallest   has set SO_RCVBUF as small as it can be
small      has set SO_RCVBUF to 32 KiB
shared     has a process for each connection; the first holds the connection too, 300 ms longer
shutdown   shuts all connections down at TERM, and goes two seconds later
lingering  goes on for two seconds after TERM, and says close with each answer
churning   closes after every fifth answer
moving     moves its connections to other numbers all the time, and tells whether a stranger in the old one was marked
two-users  has a second process, of the user nobody

/?ms=N     is answered after N milliseconds
/held      is answered at USR2, or at TERM
/pid       is answered with the id of the process

USR1: says how many strangers it has seen, and the low-water mark of each connection of the first process. At its end it
says how many requests it has read.

- `manner`: what it was told, and what it says
- `requests`: what came on one connection, and the answers
- `serving`: its connections, read and answered
- `strangers`: sockets that take the numbers of connections
- `stopping`: what it does about TERM
"""

import sys

sys.dont_write_bytecode = True

import os
import selectors
import signal
import socket

import serving
import stopping
import strangers
from manner import BUFFERS, MANNER, PORT, say

NOBODY = 65534
WAITS = 0.0005 if MANNER in ("hasty", "moving") else 0.005


def become_two_users():
    """The second process is another user's, and says nothing."""
    if os.fork() == 0:
        serving.forget()
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        return False
    return True


def say_all(*_):
    strangers.say_figures()
    serving.say_marks()


def main():
    signal.signal(signal.SIGTERM, stopping.stop)
    signal.signal(signal.SIGUSR1, say_all)
    signal.signal(signal.SIGUSR2, serving.answer_held)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if MANNER == "shared":
        os.setpgid(0, 0)
    listener = socket.create_server(("127.0.0.1", PORT), backlog=512)
    listener.setblocking(False)
    if MANNER in BUFFERS:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFERS[MANNER])
    if MANNER != "two-users" or become_two_users():
        say(f"pid {os.getpid()}")
    serving.selector.register(listener, selectors.EVENT_READ)
    while True:
        serving.turn(listener, WAITS)
        if MANNER == "moving":
            strangers.move_all()
        if stopping.is_over():
            strangers.say_figures()
            say(f"requests read: {serving.read_in_all()}")
            os._exit(0)


main()
