//! The programs that run under an init.

/// Takes every signal, and says its number, until it is killed.
pub const LISTENER: &str = "
import signal
every = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
signal.pthread_sigmask(signal.SIG_BLOCK, every)
print('ready', flush=True)
while True: print(signal.sigwaitinfo(every).si_signo, flush=True)";

/// Ignores every signal, until it is killed.
pub const DEAF: &str = "
import signal, time
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}: signal.signal(number, signal.SIG_IGN)
print('ready', flush=True)
while True: time.sleep(1000)";

/// Two processes of one group, the first of which is the init's child. Each takes every signal and says who has got which, a
/// line at a time: both write to one pipe.
pub const FAMILY: &str = "
import os, signal
def say(*words): os.write(1, ' '.join(map(str, words)).encode() + b'\\n')
every = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
signal.pthread_sigmask(signal.SIG_BLOCK, every)
who = 'child' if os.fork() else 'other'
say('ready')
while True: say(who, signal.sigwaitinfo(every).si_signo)";

/// Says its descriptors with what they are.
pub const DESCRIPTORS: &str = "
import os
names = sorted(int(name) for name in os.listdir('/proc/self/fd'))
for fd in names:
    try: print(fd, os.readlink(f'/proc/self/fd/{fd}'))
    except FileNotFoundError: pass  # that of listdir itself";

/// Writes what its first three descriptors are into the file that is named.
pub const FIRST_THREE: &str = "
import os, sys
seen = {}
for fd in range(3):
    try: seen[fd] = os.readlink(f'/proc/self/fd/{fd}')
    except OSError: seen[fd] = 'closed'
open(sys.argv[1], 'w').write('\\n'.join(seen.values()))
sys.exit(7)";

/// Says what it was given, signals apart.
pub const SURROUNDINGS: &str = "
import os, resource
for mark in ('TEST_PROCESS', '_'): os.environ.pop(mark, None)
limits = [resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource)) if name.startswith('RLIMIT_')]
print(sorted(os.environb.items()), os.getcwd(), oct(os.umask(0)), limits, os.nice(0), os.getgroups())";

/// Becomes what follows with two signals ignored that programs inherit so (`nohup`, systemd), one more, and some blocked.
pub const HOSTILE: &str = "
import os, signal, sys
for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGTTOU, signal.SIGRTMIN): signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGWINCH, signal.SIGRTMAX})
os.execvp(sys.argv[1], sys.argv[1:])";

/// The same with CHLD ignored, and nothing else.
pub const CHILDREN_IGNORED: &str = "
import os, signal, sys
for number in (signal.SIGPIPE, signal.SIGXFSZ): signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])";
