"""A real ClientHello to tls_client.py PORT: says by which error the handshake ended, and how the connection did."""

import socket
import ssl
import sys

context = ssl.create_default_context()
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=60)
while True:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        connection.sendall(outgoing.read())
        received = connection.recv(4096)
        if not received:
            print("closed without a word")
            break
        incoming.write(received)
    except ssl.SSLError as error:
        print(error.reason)
        break
# A reset raises.
assert connection.recv(4096) == b""
print("closed")
