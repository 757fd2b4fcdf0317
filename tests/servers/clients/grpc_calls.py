"""gRPC by grpcio, a channel a call, its retries off. grpcio says why a call is UNAVAILABLE in its details alone: refused; or, as
503, removed for a GOAWAY without an error, which it does with calls that the GOAWAY leaves out (tests/protocols/grpc.rs: none
of them was processed). All else is lost."""

import grpc

OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
QUICK_MS, SLOW_MS = 20, 500
TIMEOUT_S = 30


def call(address, slow, phase):
    with grpc.insecure_channel(f"ipv4:{address}", options=OPTIONS) as channel:
        work = channel.unary_unary("/test/Work")
        phase.sent()
        try:
            work(str(SLOW_MS if slow else QUICK_MS).encode(), timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            return told(error.code(), error.details())
    return 200


def told(code, details):
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return "wait_timed_out"
    if code == grpc.StatusCode.UNAVAILABLE:
        if details.startswith("failed to connect") and details.endswith("Connection refused"):
            return "connect_refused"
        if details.startswith("Stream removed (GOAWAY received; Error code: 0;"):
            return 503
    return "wait_closed"
