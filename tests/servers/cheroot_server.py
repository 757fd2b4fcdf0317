"""app.py under cheroot, as its documentation starts it; TERM calls stop(), as CherryPy's does."""

import signal
import sys

from app import application
from cheroot.wsgi import Server

server = Server(("127.0.0.1", int(sys.argv[1])), application, numthreads=16)


def stop(_signal, _frame):
    # serve() leaves its loop and calls stop(), which lets the threads finish.
    raise SystemExit(0)


signal.signal(signal.SIGTERM, stop)
server.safe_start()
