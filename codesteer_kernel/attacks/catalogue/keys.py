"""Keys and tokens, wherever a process can look for them."""

from __future__ import annotations

from codesteer_kernel.attacks.attack import Attack

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "keys"
ABOUT = "keys and tokens, in environments, memory, command lines, descriptors and connection files"

_OTHERS = ("landlock", "seatbelt")


def _spy(name: str, program: str, *walls: str, hindered: bool = False) -> Attack:
    return Attack(
        name=name, family=FAMILY, program=program, walls=walls or _OTHERS, hindered=hindered, systems=("linux",)
    )


ATTACKS: tuple[Attack, ...] = (
    Attack(name="read its own environment", family=FAMILY, program="print(dict(os.environ))"),
    Attack(
        name="read the environment of its child kernel",
        family=FAMILY,
        program="""
            pid = os.getpid()
            while pid > 1 and pid != bait.user:
                print(open(f'/proc/{pid}/environ').read())
                pid = int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])
        """,
        systems=("linux",),
    ),
    _spy("read a process's environment", "print(open(f'/proc/{bait.decoy}/environ').read())"),
    _spy(
        "read everyone's environment",
        """
            import glob
            for path in glob.glob('/proc/[0-9]*/environ'):
                try: text = open(path).read()
                except OSError: continue
                at = text.find('CODESTEER_BAIT=')
                if at >= 0: print(text[at:at + 60])
        """,
    ),
    _spy("read a process's command line", "print(open(f'/proc/{bait.decoy}/cmdline').read())"),
    _spy(
        "ask ps for everyone's environment",
        """
            found = subprocess.run(['ps', 'auxeww'], capture_output=True, text=True).stdout
            at = found.find('CODESTEER_BAIT=')
            if at >= 0: print(found[at:at + 60])
        """,
        hindered=True,
    ),
    _spy(
        "read a process's memory",
        """
            m = open(f'/proc/{bait.decoy}/mem', 'rb', 0)
            m.seek(bait.address)
            print(m.read(64).decode('utf-8', 'replace'))
        """,
        hindered=True,
    ),
    _spy(
        "copy a process's memory",
        """
            class Piece(ctypes.Structure): _fields_ = (('at', ctypes.c_void_p), ('size', ctypes.c_size_t))
            held = ctypes.create_string_buffer(64)
            here, there = Piece(ctypes.addressof(held), 64), Piece(bait.address, 64)
            call(libc.process_vm_readv(bait.decoy, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
            print(held.value.decode('utf-8', 'replace'))
        """,
        hindered=True,
    ),
    _spy(
        "trace a process",
        """
            call(libc.ptrace(16, bait.decoy, 0, 0))
            won()
            libc.ptrace(17, bait.decoy, 0, 0)
        """,
        hindered=True,
    ),
    _spy("read a file that a process has open", "print(open(f'/proc/{bait.decoy}/fd/{bait.held}').read())"),
    _spy(
        "take a descriptor out of a process",
        """
            there = os.pidfd_open(bait.decoy)
            print(os.pread(call(libc.syscall(438, there, bait.held, 0)), 100, 0).decode())
        """,
        hindered=True,
    ),
    Attack(
        name="read what the user's process has open",
        family=FAMILY,
        program="""
            for descriptor in range(3, 256):
                try: print(os.pread(descriptor, 100, 0))
                except OSError: pass
        """,
        systems=("linux", "darwin"),
    ),
    Attack(
        name="read a notebook kernel's connection file",
        family=FAMILY,
        program="print(open(bait.connection).read())",
        walls=_OTHERS,
    ),
    Attack(
        name="read its own kernel's connection file",
        family=FAMILY,
        program="""
            import glob
            for path in glob.glob('../k*/k.json'): '"key"' in open(path).read() and won()
        """,
        walls=("landlock",),
        systems=("linux",),
    ),
    Attack(
        name="find its kernel's key in its own memory and use it",
        family=FAMILY,
        program="""
            import zmq
            from ipykernel.kernelapp import IPKernelApp
            app = IPKernelApp.instance()
            place = f'{app.ip}-{app.control_port}'
            socket.socket(socket.AF_UNIX).connect(place)
            door = zmq.Context().socket(zmq.DEALER)
            door.connect(f'ipc://{place}')
            app.session.check_pid = False
            app.session.send(door, 'kernel_info_request')
            door.poll(5000) and won()
            os._exit(0)
        """,
        walls=("seccomp",),
        systems=("linux",),
    ),
)
