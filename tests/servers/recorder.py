"""A server that says each signal that it takes, by name: python tests/servers/recorder.py PORT

/       is answered after 20 ms
/pid    is answered with the id of the process
/echo   is answered with the request's whole body

TERM, INT and QUIT all end it: it accepts no more, and goes when those who are in flight have been answered.
"""

import http.server
import os
import signal
import sys
import threading
import time

EVERY = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}
STOPS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/pid":
            return self.answer(str(os.getpid()).encode())
        time.sleep(0.02)
        self.answer(b"ok")

    def do_POST(self):
        self.close_connection = True
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    in_flight = 0
    lock = threading.Condition()

    def finish_request(self, *args):
        with self.lock:
            self.in_flight += 1
        try:
            super().finish_request(*args)
        finally:
            with self.lock:
                self.in_flight -= 1
                self.lock.notify_all()


# Before any thread: they all have the mask.
signal.pthread_sigmask(signal.SIG_BLOCK, EVERY)
server = Server(("127.0.0.1", int(sys.argv[1])), Handler)


def end():
    server.shutdown()
    server.server_close()
    with server.lock:
        server.lock.wait_for(lambda: server.in_flight == 0)
    os._exit(0)


threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
stopping = False
while True:
    taken = signal.sigwaitinfo(EVERY)
    # In one write: lameduck writes to the same log.
    os.write(1, f"took {signal.Signals(taken.si_signo).name}\n".encode())
    if taken.si_signo in STOPS and not stopping:
        stopping = True
        threading.Thread(target=end, daemon=True).start()
