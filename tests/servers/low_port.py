"""Binds a port of the loopback interface as root, and goes on as nobody, as a socket-activating init does: python low_port.py
PORT COMMAND...; the command has the socket as its descriptor 3.
"""

import os
import socket
import sys

NOBODY = 65534

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512)
if listener.fileno() != 3:
    os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.setgroups([])
os.setresgid(NOBODY, NOBODY, NOBODY)
os.setresuid(NOBODY, NOBODY, NOBODY)
os.execvp(sys.argv[2], sys.argv[2:])
