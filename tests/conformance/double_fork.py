# Daemonizes 20 times by two forks, and waits until the parent of this process has reaped each daemon.
import os
import time

PATIENCE = 60  # seconds
init = os.getppid()
adopted = reaped = 0


def status(pid):
    """State and parent; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            state, parent = stat.read().rpartition(")")[2].split()[:2]
            return state, int(parent)
    except (FileNotFoundError, ProcessLookupError):
        return None


for _ in range(20):
    told, tell = os.pipe()
    go, say_go = os.pipe()
    first = os.fork()
    if first == 0:
        os.setsid()
        daemon = os.fork()
        if daemon == 0:
            os.close(say_go)
            os.read(go, 1)
            os._exit(9)
        os.write(tell, str(daemon).encode())
        os._exit(0)
    os.waitpid(first, 0)
    daemon = int(os.read(told, 20))
    adopted += status(daemon)[1] == init
    for end in (told, tell, go, say_go):
        os.close(end)  # and so the daemon ends
    deadline = time.monotonic() + PATIENCE
    # That of somebody else is no matter here.
    while (now := status(daemon)) and now[1] == init and time.monotonic() < deadline:
        time.sleep(0.001)
    reaped += now is None or now[1] != init
print(adopted, "adopted,", reaped, "reaped", flush=True)
os._exit(3)
