"""A gRPC server: grpc_server.py PORT. Any method takes the number of milliseconds that it shall take, and answers it. At TERM
it does what grpcio's manual says: stop with a grace, and wait. It then says how many calls it has handled."""

import itertools
import signal
import sys
import threading
import time
from concurrent import futures

import grpc

handled = itertools.count()


def work(request, _context):
    next(handled)
    time.sleep(int(request) / 1000)
    return request


class Handler(grpc.GenericRpcHandler):
    def service(self, _details):
        return grpc.unary_unary_rpc_method_handler(work)


def main():
    server = grpc.server(futures.ThreadPoolExecutor(64), handlers=[Handler()])
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    server.start()
    stop.wait()
    server.stop(10).wait()
    print("handled", next(handled), flush=True)


main()
