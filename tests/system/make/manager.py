#!/usr/bin/env python3
"""Plays the service manager: starts periscope with a notification socket and a watchdog of two
seconds, and judges what it is told. manager.py [--stall] COMMAND...

One worker of the appliance is stopped with --stall, by ptrace: the watchdog must then hear nothing."""
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

WATCHDOG_S = 2.0
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17


class Manager:
    def __init__(self, command):
        self.folder = tempfile.TemporaryDirectory()
        os.chmod(self.folder.name, 0o755)
        path = os.path.join(self.folder.name, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o777)
        self.told = []  # (time, message)
        env = dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC=str(int(WATCHDOG_S * 1e6)))
        self.child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)

    def listen(self, seconds, until=None):
        """Gathers messages; returns true once one begins with `until`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.child.poll() is not None:
                break
            if select.select([self.socket], [], [], 0.05)[0]:
                text = self.socket.recv(4096).decode()
                self.told.append((time.monotonic(), text))
                if until and text.startswith(until):
                    return True
        return until is None

    def pings(self, since):
        return [at for at, text in self.told if text == "WATCHDOG=1" and at >= since]

    def expect(self, message, seconds=10):
        if not self.listen(seconds, message):
            sys.exit("not told %r, but %s" % (message, [text for _, text in self.told]))

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        self.expect("STOPPING=1")
        if self.child.wait(15) != 0:
            sys.exit("status %d" % self.child.returncode)


def regular(manager, seconds):
    """Half of the watchdog's time may pass between two pings, and no more than all of it."""
    since = time.monotonic()
    manager.listen(seconds)
    at = [since] + manager.pings(since) + [time.monotonic()]
    longest = max(b - a for a, b in zip(at, at[1:]))
    if longest > WATCHDOG_S:
        sys.exit("no ping for %.2f s" % longest)


def ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    if libc.ptrace(request, thread, 0, 0) != 0:
        sys.exit("ptrace: " + os.strerror(ctypes.get_errno()))


def worker(pid):
    for thread in os.listdir("/proc/%d/task" % pid):
        if open("/proc/%d/task/%s/comm" % (pid, thread)).read().startswith("worker"):
            return int(thread)
    sys.exit("no worker")


def stall(manager):
    thread = worker(manager.child.pid)
    ptrace(PTRACE_SEIZE, thread)
    ptrace(PTRACE_INTERRUPT, thread)
    os.waitpid(thread, 0x40000000)  # __WALL
    manager.expect("STATUS=not healthy: worker 0 has not polled")
    since = time.monotonic()
    manager.listen(1.5 * WATCHDOG_S)
    if manager.pings(since):
        sys.exit("the watchdog was pinged, and a worker stood still")
    ptrace(PTRACE_DETACH, thread)
    manager.expect("WATCHDOG=1", 3 * WATCHDOG_S)


def main():
    stalls = sys.argv[1] == "--stall"
    manager = Manager(sys.argv[2 if stalls else 1:])
    try:
        manager.expect("READY=1\nSTATUS=receiving on 1 port with 1 worker")
        if not stalls:
            regular(manager, 1.5 * WATCHDOG_S)
        manager.child.send_signal(signal.SIGHUP)
        manager.expect("RELOADING=1\nMONOTONIC_USEC=")
        manager.expect("READY=1")
        if stalls:
            stall(manager)
        manager.end()
    finally:
        manager.child.kill()
        manager.child.wait()


if __name__ == "__main__":
    main()
