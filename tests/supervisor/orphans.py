# Leaves 50 orphans to the parent of this process, at once, and waits until it has reaped them all.
import os
import time

COUNT = 50
PATIENCE = 30  # seconds
init = os.getppid()
adopted, say_adopted = os.pipe()
go, say_go = os.pipe()


def orphan():
    os.close(say_go)
    end = time.monotonic() + PATIENCE
    while os.getppid() != init and time.monotonic() < end:
        time.sleep(0.001)
    os.write(say_adopted, b"+" if os.getppid() == init else b"-")
    os.read(go, 1)  # until all end at once
    os._exit(9)


for _ in range(COUNT):
    middle = os.fork()
    if middle == 0:
        if os.fork() == 0:
            orphan()
        os._exit(0)
    os.waitpid(middle, 0)

os.close(say_adopted)
said = b""
while len(said) < COUNT:
    more = os.read(adopted, COUNT)
    if not more:
        break
    said += more
print(said.count(b"+"), "adopted", flush=True)
os.close(say_go)


def left():
    """Children of init other than this process, zombies included."""
    count = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    # The name in parentheses may hold anything; after it: state, parent.
                    parent = int(stat.read().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            count += parent == init
    return count


end = time.monotonic() + PATIENCE
while left() and time.monotonic() < end:
    time.sleep(0.005)
print(left(), "left", flush=True)
os._exit(3)
