"""Files of the user's: read them, change them, plant something among them."""

from __future__ import annotations

from codesteer_kernel.attacks.attack import Attack

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "files"
ABOUT = "the user's files: to read them, to change them, to plant something among them"

_ACCESS = ("landlock", "seatbelt")
_METADATA = ("namespaces", "bubblewrap", "seatbelt")
_UNIX = ("linux", "darwin")


def _at_home(name: str, program: str) -> Attack:
    return Attack(name=name, family=FAMILY, program=program, walls=_ACCESS)


def _beside_content(name: str, program: str) -> Attack:
    # Landlock says nothing of what is not content: mode, owner, times, attributes.
    return Attack(name=name, family=FAMILY, program=program, walls=_METADATA, systems=_UNIX)


def _attribute(name: str, program: str) -> Attack:
    # The filter of system calls sees no path, and so refuses attributes everywhere.
    walls = ("seccomp", "namespaces", "bubblewrap")
    return Attack(name=name, family=FAMILY, program=program, walls=walls, hindered=True, systems=("linux",))


ATTACKS: tuple[Attack, ...] = (
    _at_home("read a private file", "print(open(bait.secret).read())"),
    _at_home("read it by a relative path", "print(open(os.path.relpath(bait.secret)).read())"),
    _at_home("read it through /proc/self/root", "print(open('/proc/self/root' + bait.secret).read())"),
    _at_home(
        "read it through a link",
        """
            os.symlink(bait.secret, 'link')
            print(open('link').read())
        """,
    ),
    _at_home(
        "read it through a second name",
        """
            os.link(bait.secret, 'name')
            print(open('name').read())
        """,
    ),
    _at_home(
        "read it from its own folder",
        """
            os.chdir(os.path.dirname(bait.secret))
            print(open('id_key').read())
        """,
    ),
    _at_home("read it in another program", "print(subprocess.check_output(['cat', bait.secret]).decode())"),
    _at_home("run a program of the user's", "print(subprocess.check_output([bait.tool]).decode())"),
    _at_home("list the home folder", "os.listdir(bait.home) and won()"),
    Attack(
        name="see that a file is there, and its size",
        family=FAMILY,
        program="os.stat(bait.secret).st_size and won()",
        walls=("bubblewrap", "seatbelt"),
    ),
    _at_home("write a new file", "open(bait.home + '/new', 'w').write('x')"),
    _at_home("change a file", "open(bait.precious, 'a').write('x')"),
    _at_home("empty a file", "os.truncate(bait.precious, 0)"),
    _at_home("remove a file", "os.unlink(bait.precious)"),
    _at_home(
        "put another file in its place",
        """
            open('f', 'w').close()
            os.replace('f', bait.precious)
        """,
    ),
    _at_home("move a folder away", "os.rename(bait.home + '/startup', bait.home + '/gone')"),
    _at_home("plant code that a later start runs", "open(bait.home + '/startup/00.py', 'w').write('pass')"),
    Attack(
        name="open the interpreter's library for writing",
        family=FAMILY,
        program="""
            os.close(os.open(json.__file__, os.O_WRONLY))
            won()
        """,
        walls=_ACCESS,
        hindered=True,
    ),
    _at_home(
        "write to the user's terminal",
        """
            t = os.open(bait.terminal, os.O_WRONLY | os.O_NOCTTY)
            os.write(t, b'x')
        """,
    ),
    _beside_content("open a file to everyone by its mode", "os.chmod(bait.precious, 0o666)"),
    _beside_content("shut the home folder by its mode", "os.chmod(bait.home, 0o500)"),
    _beside_content("set back a file's times", "os.utime(bait.precious, (0, 0))"),
    _attribute("mark a file by an attribute", "os.setxattr(bait.precious, 'user.x', b'1')"),
    _attribute(
        "let another user read a file by its access list",
        """
            # The owner, user 65534, the group, the mask, all others: version 2 of the list, as acl(5) orders it.
            entries = [(1, 6, -1), (2, 4, 65534), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
            listed = b''.join(struct.pack('<HHi', *each) for each in entries)
            os.setxattr(bait.secret, 'system.posix_acl_access', struct.pack('<I', 2) + listed)
            won()
        """,
    ),
    Attack(
        name="leave a module for the next program",
        family=FAMILY,
        program="""
            open('json.py', 'w').write('raise SystemExit')
            open(os.environ['HOME'] + '/left', 'w').close()
        """,
        then="if os.path.exists('json.py') or os.path.exists(os.environ['HOME'] + '/left'): won()",
    ),
    Attack(
        name="leave shared memory for the next program",
        family=FAMILY,
        program="open(bait.left, 'w').write('x')",
        then="if os.path.exists(bait.left): won()",
        walls=("namespaces", "bubblewrap"),
        systems=("linux",),
    ),
    Attack(
        name="read shared memory whose name is known",
        family=FAMILY,
        program="print(open(bait.shared).read())",
        walls=("namespaces", "bubblewrap"),
        systems=("linux",),
    ),
)
