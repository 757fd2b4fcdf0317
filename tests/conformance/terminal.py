# Plays a scene at a terminal: python3 terminal.py interrupt|stop|background|container|window INIT OPTIONS...
# A pty's master side types; on the other side a shell with job control starts the init as its job. In a container, and
# so with the window, there is no shell: the init leads the session, as with `docker run -it`.
import fcntl
import os
import pty
import signal
import struct
import sys
import termios

PATIENCE = 30  # seconds

SERVER = """
import os, signal, sys
awaited = {signal.SIGINT, signal.SIGCONT, signal.SIGWINCH}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
while True:
    try: group = os.tcgetpgrp(0)
    except OSError: group = None
    print('no terminal' if group is None else 'foreground' if group == os.getpgrp() else 'background', flush=True)
    if sys.argv[1] == 'background': sys.exit(5)
    which = signal.sigwait(awaited)
    if which == signal.SIGINT: break
    if which == signal.SIGWINCH: print('now', *os.get_terminal_size(0), flush=True)
    else: print('continued', flush=True)
print('interrupted', flush=True)
sys.exit(5)
"""


def command(scene, init):
    os.execvp(init[0], [*init, sys.executable, "-c", SERVER, scene])


def shell(scene, init):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    ready, say_ready = os.pipe()
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.read(ready, 1)
        command(scene, init)
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


scene, *init = sys.argv[1:]
pid, master = pty.fork()
if pid == 0:
    if scene in ("container", "window"):
        command(scene, init)
    shell(scene, init)

signal.alarm(PATIENCE)  # ends this process, and with it the terminal, which hangs up on all that is there
keys = {"stop": ["\x1a", "\x03"], "window": ["", "\x03"], "background": []}.get(scene, ["\x03"])
typed, seen = 0, b""
while True:
    try:
        seen += os.read(master, 1000)
    except OSError:  # EIO: nobody has the terminal open any more
        break
    # Each key is typed when the server has said where it is.
    if typed < len(keys) and seen.count(b"ground\r\n") + seen.count(b"no terminal\r\n") > typed:
        if keys[typed]:
            os.write(master, keys[typed].encode())
        else:
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
        typed += 1
_, status = os.waitpid(pid, 0)
if scene in ("container", "window"):
    seen += f"status {os.waitstatus_to_exitcode(status)}\n".encode()
text = seen.decode().replace("\r\n", "\n")
print(text.replace("^C", "").replace("^Z", ""), end="")
