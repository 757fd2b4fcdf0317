"""FastCGI, a request a connection, as nginx speaks it to PHP-FPM (FastCGI Specification 1.0). The script is index.php of the
directory that it is started in."""

import os
import struct

BEGIN_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7
RESPONDER = 1
REQUEST_COMPLETE = 0
# Of a length in four bytes.
LONG = 1 << 31
SCRIPT = os.path.abspath("index.php")


def record(kind, content=b""):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def ask(connection, slow, phase):
    path = "/slow" if slow else "/"
    params = {"REQUEST_METHOD": "GET", "SCRIPT_FILENAME": SCRIPT, "REQUEST_URI": path, "QUERY_STRING": ""}
    pairs = ((name.encode(), value.encode()) for name, value in params.items())
    coded = b"".join(struct.pack("!II", LONG | len(name), LONG | len(value)) + name + value for name, value in pairs)
    begin = record(BEGIN_REQUEST, struct.pack("!HB5x", RESPONDER, 0))
    connection.sendall(begin + record(PARAMS, coded) + record(PARAMS) + record(STDIN))
    phase.sent()
    answer = b""
    while True:
        kind, content = read(connection, phase)
        if kind == STDOUT:
            answer += content
        elif kind == END_REQUEST:
            _, protocol_status = struct.unpack("!IB3x", content)
            # Overloaded, say: the request was not taken on.
            return status(answer) if protocol_status == REQUEST_COMPLETE else 503


def read(connection, phase):
    head = exactly(connection, 8, phase)
    _, kind, _, length, padding = struct.unpack("!BBHHBx", head)
    return kind, exactly(connection, length + padding, phase)[:length]


def exactly(connection, length, phase):
    read = b""
    while len(read) < length:
        more = connection.recv(length - len(read))
        if not more:
            raise EOFError
        phase.name = "response"
        read += more
    return read


def status(answer):
    """CGI's: 200 where none is said (RFC 3875, section 6.3.3)."""
    head = answer.decode("latin-1").partition("\r\n\r\n")[0].lower().split("\r\n")
    said = [field.split(" ")[1] for field in head if field.startswith("status: ")]
    return int(said[0]) if said else 200
