"""What the server was told, and what it says: a line of its own on the standard output each time."""

import os
import sys

PORT, MANNER = int(sys.argv[1]), sys.argv[2]


def say(text):
    os.write(1, (text + "\n").encode())
