#!/usr/bin/env python3
"""Puts into a root what is hardest to carry from a disk into layers, in a form for the image below and one for the machine.

usage: hostile-tree.py ROOT below|machine

Both forms have the same names below /srv/changed in other types, so that a delta has to replace each type by each other one.
"""
import os
import stat
import subprocess
import sys

root = sys.argv[1].encode()
form = sys.argv[2]
MANY = 100_000
CAPABILITY = bytes.fromhex("0100000280000000000000000000000000000000")
# POSIX ACL, version 2: user::rwx, user:1234:r--, group::r-x, mask::r-x, other::---.
ACL = bytes.fromhex("02000000" "01000700ffffffff" "02000400d2040000" "04000500ffffffff" "10000500ffffffff" "20000000ffffffff")


def path(name):
    return root + (name if isinstance(name, bytes) else name.encode())


def write(name, data=b"x\n", mode=0o644):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "wb") as file:
        file.write(data)
    os.chmod(path(name), mode)


def make_folder(name):
    """With something in it, two levels deep."""
    write(name + "/inner/leaf", b"leaf\n")
    write(name + "/top", b"top\n")


MAKERS = {
    "file": lambda name: write(name, b"a file\n"),
    "folder": make_folder,
    "empty": lambda name: os.mkdir(path(name)),
    "link": lambda name: os.symlink("../target", path(name)),
    "fifo": lambda name: os.mkfifo(path(name), 0o620),
    "device": lambda name: os.mknod(path(name), stat.S_IFCHR | 0o640, os.makedev(1, 5)),
    "block": lambda name: os.mknod(path(name), stat.S_IFBLK | 0o640, os.makedev(7, 70000)),
    "socket": lambda name: os.mknod(path(name), stat.S_IFSOCK | 0o755),
}


def change_types():
    os.makedirs(path("/srv/changed"), exist_ok=True)
    write("/srv/target/kept", b"what a link leads to must stay\n")
    for before in MAKERS:
        for after in MAKERS:
            MAKERS[before if form == "below" else after](f"/srv/changed/{before}-to-{after}")


def change_links():
    """Groups that grow, shrink, split, join, and change places across folders."""
    for name in ["a", "b", "c", "d/e"]:
        write(f"/srv/groups/split/{name}", b"one content\n") if form == "machine" else None
    if form == "below":
        write("/srv/groups/split/a", b"one content\n")
        os.makedirs(path("/srv/groups/split/d"))
        for name in ["b", "c", "d/e"]:
            os.link(path("/srv/groups/split/a"), path(f"/srv/groups/split/{name}"))
    groups = {
        "below": [["join/a"], ["join/b", "join/x/y"], ["cross/one", "cross/f/two"], ["cross/three", "cross/f/four"], ["gone/first", "gone/kept"]],
        "machine": [["join/a", "join/b", "join/x/y"], ["cross/one", "cross/f/four"], ["cross/three", "cross/f/two"], ["gone/kept", "gone/new"]],
    }[form]
    for first, *others in groups:
        write(f"/srv/groups/{first}", b"linked\n")
        for other in others:
            os.makedirs(os.path.dirname(path(f"/srv/groups/{other}")), exist_ok=True)
            os.link(path(f"/srv/groups/{first}"), path(f"/srv/groups/{other}"))
    # Links and other things that are no files have several names, too.
    for name, make in [("link", MAKERS["link"]), ("fifo", MAKERS["fifo"]), ("device", MAKERS["device"])]:
        make(f"/srv/groups/{name}-a")
        make(f"/srv/groups/{name}-b") if form == "below" else os.link(
            path(f"/srv/groups/{name}-a"), path(f"/srv/groups/{name}-b"), follow_symlinks=False
        )
    tools = ["tool", "deep/er/tool", "tool-too"]
    write("/srv/capable/tool", open("/bin/true", "rb").read(), 0o755)
    for name in tools[1:]:
        os.makedirs(os.path.dirname(path(f"/srv/capable/{name}")), exist_ok=True)
        os.link(path("/srv/capable/tool"), path(f"/srv/capable/{name}"))
    if form == "machine":
        os.chown(path("/srv/capable/tool"), 1234, 4321)
        os.chmod(path("/srv/capable/tool"), 0o4755)
        os.setxattr(path("/srv/capable/tool"), "security.capability", CAPABILITY)


def odd_names():
    names = [b"caf\xe9", b"\xff\xfe", b"two\nlines", b"tab\tname", b"it's \"quoted\"", b"star*?[x]", b"-rf", b"--", b"back\\slash", b"x" * 255, b"\xe9" * 255,
             "\u2603".encode() * 85, b" ", b"a b", b"..x", b"...", b"\x01\x7f", "e\u0301".encode(), "\u00e9".encode(), b"\xed\xa0\x80", b"=", b"%", b"wh..wh.", b"#", b"${x}`id`"]
    for name in names:
        if form == "below":
            write(b"/srv/names/gone/" + name, name)
            write(b"/srv/names/other/" + name, b"other")
        else:
            write(b"/srv/names/new/" + name, name)
            write(b"/srv/names/other/" + name, name)
            os.symlink(name, path(b"/srv/names/new/" + name[:250] + b".lnk"))
    if form == "machine":
        # The longest name of a program's argument: 4,095 bytes with the slash before it.
        make_deep("/srv/deep", 4095)
        # Beyond it, as only a program that changes its folder on the way makes and reads it.
        os.symlink("d/" * 2047 + "e", path("/srv/names/long-link"))
        write("/srv/names/.wh.hidden", b"reserved\n")
        write("/srv/names/folder/.wh..wh..opq", b"reserved\n")
        write("/srv/names/folder/beside", b"stays\n")


def make_deep(top, length):
    """A file whose path from the root has exactly that many bytes."""
    folder = top
    here = os.open(".", os.O_RDONLY)
    os.makedirs(path(top), exist_ok=True)
    os.chdir(path(top))
    while len(folder) + 202 + 3 < length:
        os.mkdir("n" * 200)
        os.chdir("n" * 200)
        folder += "/" + "n" * 200
    with open("f" * (length - len(folder) - 1), "w") as file:
        file.write("deep\n")
    os.fchdir(here)
    os.close(here)


def many_files():
    os.makedirs(path("/srv/many"))
    for number in range(MANY):
        # Half of the machine's are new, and half of those below must go.
        if form == "machine":
            number += MANY // 2
        with open(path(f"/srv/many/file-with-a-longish-name-{number:06}"), "wb") as file:
            file.write(b"%d\n" % number)


def metadata():
    """Owners beyond an octal field, modes, times, attributes."""
    for name, uid, gid in [("ids/two-million", 2**21, 2**21 + 1), ("ids/largest", 2**32 - 2, 2**32 - 2), ("ids/signed", 2**31, 2**31 + 5)]:
        write(f"/srv/{name}", b"ids\n")
        os.makedirs(path(f"/srv/{name}.d"))
        os.symlink("x", path(f"/srv/{name}.l"))
        if form == "machine":
            for end in ["", ".d", ".l"]:
                os.chown(path(f"/srv/{name}{end}"), uid, gid, follow_symlinks=False)
    for mode in [0o0000, 0o7777, 0o4711, 0o2755, 0o1777, 0o6000]:
        write(f"/srv/modes/file-{mode:04o}", b"modes\n", mode if form == "machine" else 0o644)
        os.makedirs(path(f"/srv/modes/folder-{mode:04o}"))
        os.chmod(path(f"/srv/modes/folder-{mode:04o}"), mode if form == "machine" else 0o755)
    write("/srv/attributes/note", b"note\n")
    os.makedirs(path("/srv/attributes/folder"))
    write("/srv/attributes/gone", b"gone\n")
    write("/srv/attributes/acl", b"acl\n", 0o640)
    os.makedirs(path("/srv/attributes/acl-folder"), mode=0o750)
    if form == "machine":
        for name in ["note", "folder"]:
            os.setxattr(path(f"/srv/attributes/{name}"), "user.caf\udce9 %x%3D%25 y", b"\x00\xff\n=\0")
        write("/srv/attributes/refused", b"what no archive or engine holds\n")
        for name, value in [("user.empty", b""), ("user.a=b", b"c"), ("trusted.note", b"root's own")]:
            os.setxattr(path("/srv/attributes/refused"), name, value)
        os.setxattr(path("/srv/attributes/note"), "user.long", bytes(range(256)) * 8)
        os.setxattr(path("/srv/attributes/acl"), "system.posix_acl_access", ACL)
        os.setxattr(path("/srv/attributes/acl-folder"), "system.posix_acl_default", ACL)
        os.setxattr(path("/srv/attributes/acl-folder"), "system.posix_acl_access", ACL)
        for flag in ["i", "a"]:
            write(f"/srv/attributes/flag-{flag}", b"flags\n")
            subprocess.run(["chattr", f"+{flag}", path(f"/srv/attributes/flag-{flag}")], check=True)
    else:
        os.setxattr(path("/srv/attributes/gone"), "user.old", b"below alone")
        os.setxattr(path("/srv/attributes/gone"), "security.capability", CAPABILITY)
    write("/srv/special/null", b"")
    os.remove(path("/srv/special/null"))
    if form == "machine":
        os.mknod(path("/srv/special/whiteout"), stat.S_IFCHR, os.makedev(0, 0))
        os.mknod(path("/srv/special/zero-block"), stat.S_IFBLK | 0o600, os.makedev(0, 0))
        os.mknod(path("/srv/special/large"), stat.S_IFCHR | 0o600, os.makedev(4095, 1048575))
        for name, size, at in [("terabyte", 2**40, 2**39 + 12345), ("all-hole", 2**26, None), ("end", 2**27, 2**27 - 1), ("small", 5000, 4096)]:
            write(f"/srv/sparse/{name}", b"")
            with open(path(f"/srv/sparse/{name}"), "r+b") as file:
                file.truncate(size)
                if at is not None:
                    file.seek(at)
                    file.write(b"!")


def times():
    """Last, since whatever comes after would change those of folders."""
    if form == "below":
        return
    second = 10**9
    for name, time in [("epoch", 0), ("minus-one", -1), ("just-before", -500_000_000), ("old", -2_000_000_000 * second), ("old-fraction", -1_000_000_000 * second - 1),
                       ("late", 2**31 * second), ("later", (2**32 + 5) * second + 999_999_999), ("nanoseconds", 1_600_000_000 * second + 999_999_999)]:
        write(f"/srv/times/{name}", b"time\n")
        os.makedirs(path(f"/srv/times/{name}.d"))
        os.symlink("x", path(f"/srv/times/{name}.l"))
        for end in ["", ".d", ".l"]:
            os.utime(path(f"/srv/times/{name}{end}"), ns=(time, time), follow_symlinks=False)


def working_names():
    """Where builds have laid their list of what is to go, there is a folder."""
    write("/.vm2docker-deletions/kept", b"a folder of the machine\n")


change_types()
change_links()
working_names()
odd_names()
many_files()
metadata()
times()
