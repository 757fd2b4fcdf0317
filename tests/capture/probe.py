"""A server's calls, one case a function: run plainly and under lameduck, what it says is to be the same, but for
whether lameduck holds the socket. Says one line for each fact."""
import array, ctypes, errno, os, random, select, signal, socket, struct, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)
PATIENCE = 30


def inode(sock):
    return os.fstat(sock.fileno() if hasattr(sock, "fileno") else sock).st_ino


def parent_holds(wanted):
    """Whether the process that started this one holds the socket of this inode, too."""
    home = f"/proc/{PARENT}/fd"
    for fd in os.listdir(home):
        try:
            if os.readlink(f"{home}/{fd}") == f"socket:[{wanted}]":
                return True
        except FileNotFoundError:
            pass
    return False


PARENT = os.getppid()


def held(sock):
    return "held" if parent_holds(inode(sock)) else "not held"


def say(*facts):
    print(*facts, flush=True)


FIRST, BLOCK = 10000, 500


def our_ports():
    """Ports that the kernel gives to nobody, since they are none of the ephemeral ones, and no other test takes while this
    process has the name that says so: a block as of src/sockets/free_port.rs. None is tried by a bind, which lameduck would
    see."""
    count = (int(read("/proc/sys/net/ipv4/ip_local_port_range").split()[0]) - FIRST) // BLOCK
    taken = {int(row.split()[1].rsplit(":", 1)[1], 16) for row in read("/proc/net/tcp").splitlines()[1:]}
    for number in random.sample(range(count), count):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0lameduck-ports-{number}")
        except OSError:
            continue
        block = range(FIRST + number * BLOCK, FIRST + (number + 1) * BLOCK)
        yield from (port for port in block if port not in taken)
        return


# It has its name as long as it lives.
PORTS = our_ports()


def free_port():
    return next(PORTS)


def read(path):
    with open(path) as file:
        return file.read()


def tcp(family=socket.AF_INET, protocol=0):
    sock = socket.socket(family, socket.SOCK_STREAM, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return sock


def answer_one(listener, address):
    """One client, answered through this listener."""
    with socket.create_connection(address, timeout=PATIENCE) as client:
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(b"hello")
        return client.recv(100).decode()


def name(error):
    return errno.errorcode[error.errno]


def bound(sock, address):
    """bind(2)'s own result."""
    try:
        sock.bind(address)
        return "bound"
    except OSError as error:
        return name(error)


def listener():
    for blocking in (True, False):
        sock, port = tcp(), free_port()
        sock.setblocking(blocking)
        os.set_inheritable(sock.fileno(), blocking)
        sock.bind(("127.0.0.1", port))
        sock.listen()
        say(held(sock), "blocking" if os.get_blocking(sock.fileno()) else "non-blocking",
            "inherited" if os.get_inheritable(sock.fileno()) else "closed by exec",
            sock.getsockname() == ("127.0.0.1", port))
        sock.setblocking(True)
        say(answer_one(sock, ("127.0.0.1", port)))


def any_listener():
    sock, port = tcp(), free_port()
    sock.bind(("127.0.0.1", port))
    sock.listen()
    say(held(sock), answer_one(sock, ("127.0.0.1", port)))


def in_a_network_of_its_own():
    """Nothing else listens there."""
    sock = tcp()
    say(bound(sock, ("0.0.0.0", 8000)))
    sock.listen()
    say(held(sock))


def any_port():
    sock = tcp()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    say(held(sock), answer_one(sock, sock.getsockname()))


def other_sockets():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    say("udp", bound(udp, ("127.0.0.1", free_port())), held(udp))
    unix = socket.socket(socket.AF_UNIX)
    say("unix", bound(unix, f"\0lameduck-test-{os.getpid()}"), held(unix))
    path = f"/tmp/lameduck-probe-{os.getpid()}"
    file = socket.socket(socket.AF_UNIX)
    say("unix path", bound(file, path), held(file))
    os.unlink(path)
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    say("netlink", bound(netlink, (0, 0)), held(netlink))


def dual_stack():
    port = free_port()
    both = tcp(socket.AF_INET6)
    both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    both.bind(("::", port))
    both.listen()
    say(held(both), answer_one(both, ("127.0.0.1", port)), answer_one(both, ("::1", port)))
    port = free_port()
    six, four = tcp(socket.AF_INET6), tcp()
    six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    six.bind(("::", port))
    six.listen()
    say(held(six), bound(four, ("0.0.0.0", port)), held(four))
    four.listen()
    say(answer_one(four, ("127.0.0.1", port)), answer_one(six, ("::1", port)))


def mptcp():
    sock, port = tcp(socket.AF_INET, 262), free_port()
    sock.bind(("127.0.0.1", port))
    sock.listen()
    say(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL), held(sock), answer_one(sock, ("127.0.0.1", port)))


def failures():
    taken = tcp()
    taken.bind(("127.0.0.1", free_port()))
    taken.listen()
    say("taken:", bound(tcp(), taken.getsockname()))
    say("elsewhere:", bound(tcp(), ("192.0.2.1", free_port())))
    twice = tcp()
    twice.bind(("127.0.0.1", free_port()))
    say("twice:", bound(twice, twice.getsockname()), bound(twice, ("127.0.0.1", free_port())))
    raw = struct.pack("=H", socket.AF_INET6) + bytes(26)
    sock = tcp()
    say("other family:", raw_bind(sock.fileno(), raw))
    good = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", free_port(), bytes([127, 0, 0, 1]))
    say("no such address:", raw_bind(sock.fileno(), 1, 16), "no descriptor:", raw_bind(9999, good))
    with open("/dev/null") as file:
        say("no socket:", raw_bind(file.fileno(), good))


def raw_bind(fd, address, length=None):
    """bind(2) with no interpreter in between."""
    if isinstance(address, bytes):
        length, address = len(address), ctypes.c_char_p(address)
    else:
        address = ctypes.c_void_p(address)
    return "bound" if libc.bind(fd, address, length) == 0 else errno.errorcode[ctypes.get_errno()]


def low_port():
    """As a user who may not. Where low ports are everybody's, there is nothing to see."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    say(bound(tcp(), ("127.0.0.1", 79)))


def other_user():
    """A server that has dropped its privileges owns what it binds."""
    os.setgid(65534)
    os.seteuid(65534)
    sock, port = tcp(), free_port()
    sock.bind(("127.0.0.1", port))
    sock.listen()
    say(os.fstat(sock.fileno()).st_uid, answer_one(sock, ("127.0.0.1", port)))


def same_address():
    port = free_port()
    first, second, third = tcp(), tcp(), tcp()
    for sock in (first, second):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    say(bound(first, ("127.0.0.1", port)), bound(second, ("127.0.0.1", port)))
    first.listen()
    second.listen()
    say(held(first), held(second), "without SO_REUSEPORT:", bound(third, ("127.0.0.1", port)))


def threads():
    socks = [(tcp(), port) for port in sorted({free_port() for _ in range(60)})]
    begin, results = threading.Barrier(len(socks)), []

    def one(sock, port):
        begin.wait()
        sock.bind(("127.0.0.1", port))
        sock.listen()
        results.append((held(sock), answer_one(sock, ("127.0.0.1", port))))

    running = [threading.Thread(target=one, args=each) for each in socks]
    [thread.start() for thread in running]
    [thread.join() for thread in running]
    say(len(results) == len(socks), sorted(set(results)))


def rebound():
    """A reload in one process: the listener is closed and made anew, at once."""
    port, inodes = free_port(), []
    for _ in range(20):
        sock = tcp()
        sock.bind(("127.0.0.1", port))
        sock.listen()
        inodes.append(inode(sock))
        assert answer_one(sock, ("127.0.0.1", port)) == "hello"
        last = held(sock)
        sock.close()
    say(last, "older ones held:", any(parent_holds(old) for old in inodes[:-1]))


def closed_for_good():
    """Clients of a listener that its server has closed are refused, and whoever was queued is reset."""
    sock, port = tcp(), free_port()
    sock.bind(("127.0.0.1", port))
    sock.listen()
    say(held(sock))
    queued = socket.create_connection(("127.0.0.1", port))
    sock.close()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            break
        time.sleep(0.01)
    else:
        say("clients hang")
    queued.settimeout(PATIENCE)
    try:
        say("queued:", queued.recv(1))
    except ConnectionResetError:
        say("queued: reset")


def outgoing():
    """A connection from a port of its own is not held for long: it ends when it is closed."""
    peer = tcp()
    peer.bind(("127.0.0.1", 0))
    peer.listen()
    sock = tcp()
    sock.bind(("127.0.0.1", free_port()))
    sock.connect(peer.getsockname())
    accepted, _ = peer.accept()
    end = time.monotonic() + PATIENCE
    while parent_holds(inode(sock)) and time.monotonic() < end:
        time.sleep(0.01)
    say(held(sock))
    sock.close()
    accepted.settimeout(PATIENCE)
    say("end of file:", accepted.recv(1) == b"")


def dying():
    """Processes killed in the middle of a bind, at every moment of it."""
    port = free_port()
    for turn in range(200):
        child = os.fork()
        if child == 0:
            while True:
                sock = tcp()
                sock.bind(("127.0.0.1", port))
                sock.close()
        end = time.monotonic() + (turn % 20) / 10000
        while time.monotonic() < end:
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    listener()


def in_epoll():
    sock, port = tcp(), free_port()
    sock.setblocking(False)
    poller = select.epoll()
    poller.register(sock, select.EPOLLIN)
    sock.bind(("127.0.0.1", port))
    sock.listen()
    poller.modify(sock, select.EPOLLIN)
    client = socket.create_connection(("127.0.0.1", port))
    end = time.monotonic() + PATIENCE
    while (sock.fileno(), select.EPOLLIN) not in poller.poll(1):
        assert time.monotonic() < end, "the epoll does not see it"
    say(held(sock), "accepts", sock.accept()[1] == client.getsockname())


def duplicated():
    sock, port = tcp(), free_port()
    second = sock.dup()
    sock.bind(("127.0.0.1", port))
    second.listen()
    say(held(sock), inode(sock) == inode(second), answer_one(second, ("127.0.0.1", port)))


def shared_with_a_child():
    sock, port = tcp(), free_port()
    gate_in, gate_out = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(gate_in, 1)
        sock.listen()
        say(answer_one(sock, ("127.0.0.1", port)))
        os._exit(0)
    sock.bind(("127.0.0.1", port))
    say(held(sock))
    os.write(gate_out, b"!")
    os.waitpid(child, 0)


OPTIONS = [
    (socket.SOL_SOCKET, socket.SO_REUSEPORT, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 70000), (socket.SOL_SOCKET, socket.SO_SNDBUF, 80000),
    (socket.SOL_SOCKET, socket.SO_OOBINLINE, 1), (socket.SOL_SOCKET, socket.SO_PRIORITY, 3),
    (socket.SOL_SOCKET, socket.SO_RCVLOWAT, 7), (socket.SOL_SOCKET, socket.SO_INCOMING_CPU, 0),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 9)),
    (socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 11, 0)),
    (socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 12, 0)),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5),
    (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000), (socket.IPPROTO_TCP, socket.TCP_SYNCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_LINGER2, 17), (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 5000),
    (socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 4), (socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 16384),
    (socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, 50000), (socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno"),
    (socket.IPPROTO_IP, socket.IP_TOS, 0x10), (socket.IPPROTO_IP, socket.IP_TTL, 77),
    (socket.IPPROTO_IP, 24, 1),  # IP_BIND_ADDRESS_NO_PORT of linux/in.h
]


def options():
    """What was set before the bind is there after it, and on the connections."""
    sock, port = tcp(), free_port()
    for level, option, value in OPTIONS:
        sock.setsockopt(level, option, value)
    sock.bind(("127.0.0.1", port))
    sock.listen()
    say(held(sock))
    for level, option, _ in OPTIONS:
        say(level, option, sock.getsockopt(level, option, 16).hex())
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"!")
    sock.settimeout(PATIENCE)
    accepted, _ = sock.accept()
    for level, option, _ in OPTIONS:
        # A connection has that of its own packets.
        if option != socket.SO_INCOMING_CPU:
            say("accepted", level, option, accepted.getsockopt(level, option, 16).hex())


def with_a_filter():
    """A filter is a pointer to a program, and cannot be set again by others."""
    sock, port = tcp(), free_port()
    program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xFFFFFFFF))
    sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HxxxxxxP", 1, ctypes.addressof(program)))
    sock.bind(("127.0.0.1", port))
    say(held(sock))


def interrupted():
    """Signals in the middle of it, with a handler that does not restart calls. It is bound in the end, once."""
    ports = [free_port() for _ in range(300)]
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.siginterrupt(signal.SIGALRM, True)
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    outcomes = {}
    for port in ports:
        sock = again_when_interrupted(tcp)
        address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, bytes([127, 0, 0, 1]))
        outcome = "EINTR"
        while outcome == "EINTR":
            outcome = raw_bind(sock.fileno(), address)
        outcomes[outcome, held(sock)] = outcomes.get((outcome, held(sock)), 0) + 1
        sock.close()
    signal.setitimer(signal.ITIMER_REAL, 0)
    say(outcomes)


def again_when_interrupted(call):
    while True:
        try:
            return call()
        except InterruptedError:
            pass


def one_at():
    """Binds the port that it is told, and stays until its input ends."""
    sock = tcp()
    say(bound(sock, ("127.0.0.1", int(sys.argv[2]))))
    sock.listen()
    say(held(sock))
    sys.stdin.read()


def by_32_bit_call():
    """Calls as a 32-bit program makes them, whose numbers are others: bind(2) is 361, and 49, which is bind(2)'s own
    here, asks for the effective user and looks at no argument."""
    sock, port = tcp(), free_port()
    address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, bytes([127, 0, 0, 1]))
    user = call_32(49, sock.fileno(), address)
    say("who it is:", user == os.geteuid(), sock.getsockname()[1] == port, held(sock))
    result = call_32(361, sock.fileno(), address)
    say("bound" if result == 0 else errno.errorcode[-result], held(sock))


def call_32(number, fd, memory):
    """int 0x80: the call `number` with a descriptor, what is at `memory`, and its length."""
    import mmap
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40  # MAP_32BIT
    libc.mmap.restype, pointer = ctypes.c_void_p, ctypes.c_void_p
    libc.mmap.argtypes = [pointer, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
    page = libc.mmap(None, 4096, 7, flags, -1, 0)
    code = (b"\x53" + b"\xb8" + struct.pack("<I", number) + b"\xbb" + struct.pack("<I", fd)
            + b"\xb9" + struct.pack("<I", page + 1024) + b"\xba" + struct.pack("<I", len(memory))
            + b"\xcd\x80" + b"\x5b" + b"\xc3")  # push rbx; eax, ebx, ecx, edx; int 0x80; pop rbx; ret
    ctypes.memmove(page, code, len(code))
    ctypes.memmove(page + 1024, memory, len(memory))
    return ctypes.CFUNCTYPE(ctypes.c_int)(page)()


globals()[sys.argv[1]]()
