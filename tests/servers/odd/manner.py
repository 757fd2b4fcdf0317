"""What the server was told, and what it says: a line of its own on the standard output each time."""

import os
import sys

PORT, MANNER = int(sys.argv[1]), sys.argv[2]
# Those with a SO_RCVTIMEO, in microseconds.
READS_WITHIN = {"timed": 20_000, "flipping": 20_000}
# Those whose calls block only while they read.
FLIPS = ("flipping",)
# Those that set SO_RCVBUF, in bytes.
BUFFERS = {"smallest": 1, "small": 32 << 10}
THREADED = MANNER == "blocking" or MANNER in READS_WITHIN


def say(text):
    os.write(1, (text + "\n").encode())
