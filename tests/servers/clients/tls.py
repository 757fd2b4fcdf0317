"""HTTP/1.1 over TLS. An alert in place of the server's part of the handshake is a loss: no client asks again for it."""

import ssl

CONTEXT = ssl._create_unverified_context()


def ask(connection, slow, phase):
    try:
        secure = CONTEXT.wrap_socket(connection)
    except ssl.SSLEOFError as end:
        raise EOFError from end
    except ssl.SSLError as error:
        raise ValueError(error.reason) from error
    with secure:
        path = "/slow" if slow else "/"
        secure.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        phase.sent()
        return status(secure, phase)


def status(secure, phase):
    """Of a whole answer whose length its head states."""
    answer = b""
    while True:
        head, blank, body = answer.partition(b"\r\n\r\n")
        if blank:
            first, *fields = head.decode("latin-1").lower().split("\r\n")
            if whole(dict(field.split(": ", 1) for field in fields), body):
                return int(first.split(" ")[1])
        try:
            more = secure.recv(65536)
        except ssl.SSLEOFError as end:
            raise EOFError from end
        if not more:
            raise EOFError
        answer += more
        phase.name = "response"


def whole(fields, body):
    if fields.get("transfer-encoding") == "chunked":
        return body.endswith(b"\r\n0\r\n\r\n")
    return len(body) >= int(fields["content-length"])
