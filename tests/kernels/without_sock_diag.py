"""Runs a command whose sockets for sock_diag are refused as by a kernel without its modules: without_sock_diag.py COMMAND..."""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

NETLINK_SOCK_DIAG = 4  # linux/netlink.h
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38  # linux/prctl.h
SECCOMP_MODE_FILTER = 2  # linux/seccomp.h
ALLOW, ERRNO = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW and SECCOMP_RET_ERRNO
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
# In struct seccomp_data, on little-endian machines: the call's number, and the lower halves of its arguments.
NUMBER, DOMAIN, PROTOCOL = 0, 16, 32
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]


class Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def refuse():
    wanted = [(NUMBER, SOCKET), (DOMAIN, socket.AF_NETLINK), (PROTOCOL, NETLINK_SOCK_DIAG)]
    instructions = []
    for place, (offset, value) in enumerate(wanted):
        to_allow = 2 * (len(wanted) - place) - 1
        instructions += [(LOAD, 0, 0, offset), (EQUAL, 0, to_allow, value)]
    instructions += [(RETURN, 0, 0, ERRNO | errno.ENOENT), (RETURN, 0, 0, ALLOW)]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    program = Program(len(instructions), code)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in [(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program))]:
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl(2)")


refuse()
try:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
    sys.exit("sock_diag is not refused")
except FileNotFoundError:
    os.execvp(sys.argv[1], sys.argv[1:])
