"""gRPC calls without a pause until stdin ends: grpc_client.py CHANNELS RETRIES MS PORT...

CHANNELS is `each` (one a call) or `kept` (one for all, and the calls go on until the first has ended). RETRIES is `on` (a
retryPolicy for UNAVAILABLE beside grpc's own retries), `own` (those alone: what no server has seen is sent again) or `off` (neither). The first call takes MS milliseconds, all others 10. Says `begun` when the first one is under way and the second answered, and in the end how many ended with which
status, and what was said of those that failed, as JSON."""

import collections
import contextlib
import json
import sys
import threading

import grpc

CHANNELS, RETRIES, FIRST_MS, PORTS = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
CALLERS = 8
POLICY = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.5s",
                "maxBackoff": "8s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
if RETRIES == "own":
    OPTIONS = [("grpc.use_local_subchannel_pool", 1)]
elif RETRIES == "on":
    OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.service_config", json.dumps(POLICY))]
TARGET = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in PORTS)

seen = collections.Counter()
details = set()
over = threading.Event()


def channel():
    return grpc.insecure_channel(TARGET, options=OPTIONS)


KEPT = contextlib.nullcontext(channel()) if CHANNELS == "kept" else None


def call(milliseconds):
    with KEPT or channel() as on:
        try:
            on.unary_unary("/test/Work")(str(milliseconds).encode(), timeout=60)
            seen["OK"] += 1
        except grpc.RpcError as error:
            seen[error.code().name] += 1
            details.add(error.details())


def calls():
    while not over.is_set():
        call(10)


first = threading.Thread(target=call, args=(FIRST_MS,))
first.start()
call(10)
callers = [threading.Thread(target=calls) for _ in range(CALLERS)]
for caller in callers:
    caller.start()
print("begun", flush=True)
sys.stdin.read()
if KEPT:
    first.join()
over.set()
for caller in [first, *callers]:
    caller.join()
print(json.dumps({"statuses": seen, "details": sorted(details)}), flush=True)
