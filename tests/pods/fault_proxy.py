"""Stands between a pod and the API server, and fails as it is told to: the word in the file FAULT.

pass         passes everything on
forbidden    403
overloaded   429 with Retry-After: 1
garbage      200, and no JSON
late         answers after 30 s
dies         its list is behind, as of a cache: nobody stops; and in the middle of the watch that follows it is gone

A line on stdout tells of each request: the fault, and `list` or `watch`.
"""

import http.client
import http.server
import json
import os
import ssl
import sys
import time

FAULT = "/dev/shm/fault"
MOUNT = "/proxy/"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        fault = open(FAULT).read().strip() if os.path.exists(FAULT) else "pass"
        asked = "watch" if "watch=" in self.path else "list"
        print(fault, asked, flush=True)
        if fault == "forbidden":
            self.answer(403, b'{"kind":"Status","status":"Failure","code":403}')
        elif fault == "overloaded":
            self.answer(429, b"", ("Retry-After", "1"))
        elif fault == "garbage":
            self.answer(200, b"<html>")
        else:
            if fault == "late":
                time.sleep(30)
            self.pass_on(fault == "dies", asked)

    def answer(self, status, body, *headers):
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def pass_on(self, dies, asked):
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
        # Not the default context, which wants more of a certificate than a cluster's own authority may give (VERIFY_X509_STRICT).
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusted.load_verify_locations("/api-server/ca.crt")
        upstream = http.client.HTTPSConnection(host, port, context=trusted)
        upstream.request("GET", self.path, headers={"Authorization": self.headers["Authorization"], "Accept": "application/json"})
        answer = upstream.getresponse()
        if asked == "list":
            body = answer.read()
            self.answer(answer.status, behind(body) if dies else body, ("Date", answer.headers["Date"]))
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        if dies:
            # Half an event, and no more.
            self.wfile.write(b'{"type": "MODIFIED", "object": {"kind": ')
            self.wfile.flush()
            os._exit(1)
        while block := answer.read1(65536):
            self.wfile.write(block)
            self.wfile.flush()

    def log_message(self, *_):
        pass


def behind(body):
    """The slices as they were before anybody stopped."""
    slices = json.loads(body)
    for one in slices["items"]:
        for endpoint in one["endpoints"]:
            endpoint["conditions"] = {"ready": True, "serving": True, "terminating": False}
    return json.dumps(slices).encode()


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        # Whoever is told nothing in time goes away.
        print(f"({sys.exception()!r})", flush=True)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(MOUNT + "certificate.pem", MOUNT + "key.pem")
server = Server(("0.0.0.0", 6443), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
