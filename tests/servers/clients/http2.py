"""HTTP/2 with prior knowledge, a stream a connection. GOAWAY that leaves the stream out, and REFUSED_STREAM, are 503: the
stream was not processed (RFC 9113, section 6.8 and 8.7)."""

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, ResponseReceived, StreamEnded, StreamReset

STREAM = 1


def ask(connection, slow, phase):
    talk = H2Connection(H2Configuration())
    talk.initiate_connection()
    path = "/slow" if slow else "/"
    head = [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", path)]
    talk.send_headers(STREAM, head, end_stream=True)
    connection.sendall(talk.data_to_send())
    phase.sent()
    status = None
    while True:
        received = connection.recv(65536)
        if not received:
            raise EOFError
        for event in talk.receive_data(received):
            match event:
                case ResponseReceived():
                    phase.name = "response"
                    status = int(dict(event.headers)[b":status"])
                case StreamEnded():
                    return status
                case StreamReset(error_code=ErrorCodes.REFUSED_STREAM):
                    return 503
                case StreamReset():
                    raise EOFError
                case ConnectionTerminated() if event.last_stream_id < STREAM:
                    return 503
        answer = talk.data_to_send()
        if answer:
            connection.sendall(answer)
