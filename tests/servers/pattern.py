"""The content of /big: byte k is that of BLOCK at k modulo its length, a prime, so that no shift goes unseen."""

BLOCK = bytes((k ^ (k >> 8)) & 255 for k in range(65521))


def pieces(size):
    while size > 0:
        yield BLOCK[:size]
        size -= len(BLOCK)
