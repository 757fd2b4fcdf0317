# Plays a scene at a terminal: python3 terminal.py interrupt|stop|background LAMEDUCK
# A pty's master side types; on the other side a shell with job control starts lameduck as its job.
import os
import pty
import signal
import sys

PATIENCE = 30  # seconds

SERVER = """
import os, signal, sys
awaited = {signal.SIGINT, signal.SIGCONT}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
while True:
    print('foreground' if os.tcgetpgrp(0) == os.getpgrp() else 'background', flush=True)
    if sys.argv[1] == 'background': sys.exit(5)
    if signal.sigwait(awaited) == signal.SIGINT: break
    print('continued', flush=True)
print('interrupted', flush=True)
sys.exit(5)
"""


def shell(scene, lameduck):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    ready, say_ready = os.pipe()
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.read(ready, 1)
        os.execv(lameduck, [lameduck, "run", "--", sys.executable, "-c", SERVER, scene])
    os.setpgid(job, job)
    if scene != "background":
        os.tcsetpgrp(0, job)
    os.write(say_ready, b"!")
    _, status = os.waitpid(job, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        os.tcsetpgrp(0, os.getpgrp())
        print("job stopped", flush=True)
        os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)
        _, status = os.waitpid(job, 0)
    print("status", os.WEXITSTATUS(status), flush=True)
    os._exit(0)


scene, lameduck = sys.argv[1:]
pid, master = pty.fork()
if pid == 0:
    shell(scene, lameduck)

signal.alarm(PATIENCE)  # ends this process, and with it the terminal, which hangs up on all that is there
keys = {"interrupt": ["\x03"], "stop": ["\x1a", "\x03"], "background": []}[scene]
typed, seen = 0, b""
while True:
    try:
        seen += os.read(master, 1000)
    except OSError:  # EIO: nobody has the terminal open any more
        break
    # Each key is typed when the server has said where it is.
    if typed < len(keys) and seen.count(b"ground\r\n") > typed:
        os.write(master, keys[typed].encode())
        typed += 1
os.waitpid(pid, 0)
text = seen.decode().replace("\r\n", "\n")
print(text.replace("^C", "").replace("^Z", ""), end="")
