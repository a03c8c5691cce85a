#!/usr/bin/env python3
"""Compares the layers of an image with the file tree they were made from.

usage: compare-layers.py OCI_LAYOUT ROOT REPORT.json VM [--strict-times]

OCI_LAYOUT is a folder that `buildah push IMAGE oci:FOLDER` wrote, ROOT the mounted file systems of the guest. Shares no code with the
tool: it knows the OCI image format and the list of excluded paths in the report, nothing else. Prints every difference; exits with 3 if
there is one. As root.
"""
import gzip
import hashlib
import io
import json
import os
import stat
import sys
import tarfile

CONTENTS_IGNORED = [b"/proc", b"/sys", b"/dev", b"/run", b"/boot"]


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    layout, root, report, vm = arguments
    strict = "--strict-times" in sys.argv
    excluded = excluded_paths(report, vm)
    image = read_image(layout)
    guest = read_guest(root.encode(), excluded)
    differences = 0
    for path in sorted(set(image) | set(guest)):
        if ignored(path, excluded):
            continue
        kinds = compare(path, guest.get(path), image.get(path), strict)
        for kind in kinds:
            differences += 1
            print(f"{os.fsdecode(path)!r}: {kind}")
    for kind in compare_link_groups(guest, image, excluded):
        differences += 1
        print(kind)
    print(f"{len(guest)} paths of the guest, {len(image)} of the image, {differences} differences")
    sys.exit(3 if differences else 0)


def excluded_paths(report, vm):
    with open(report, encoding="utf-8") as file:
        machine = next(item for item in json.load(file)["vms"] if item["name"] == vm)
    paths = set()
    for item in machine["excluded"]:
        path = item["path"].encode()
        if item.get("pathEncoding") == "percent":
            path = percent_decode(path)
        paths.add(path)
    return paths


def percent_decode(text):
    out, position = bytearray(), 0
    while position < len(text):
        if text[position : position + 1] == b"%":
            out.append(int(text[position + 1 : position + 3], 16))
            position += 3
        else:
            out += text[position : position + 1]
            position += 1
    return bytes(out)


def ignored(path, excluded):
    if path in excluded:
        return True
    parent = path
    while parent not in (b"", b"/"):
        parent = parent.rsplit(b"/", 1)[0]
        if parent in excluded or parent in CONTENTS_IGNORED:
            return True
    return False


def read_guest(root, excluded):
    # Names of the guest may be as long as the kernel takes them: nothing fits before them.
    os.chroot(root)
    os.chdir("/")
    tree, devices = {b"/": describe(b"/", {})}, {}

    def unreadable(error):
        raise error

    for folder, folders, files in os.walk(b"/", onerror=unreadable):
        folders[:] = [name for name in folders if not ignored(os.path.join(folder, name), excluded)]
        for name in folders + files:
            path = os.path.join(folder, name)
            if not ignored(path, excluded):
                tree[path] = describe(path, devices)
    return tree


def describe(full, hashed):
    info = os.lstat(full)
    item = {"mode": info.st_mode & 0o7777, "uid": info.st_uid, "gid": info.st_gid, "mtime": int(info.st_mtime_ns // 10**9)}
    kind = stat.S_IFMT(info.st_mode)
    if kind == stat.S_IFREG:
        key = (info.st_dev, info.st_ino)
        if key not in hashed:
            hashed[key] = sha256_of(full)
        item.update(type="file", sha256=hashed[key], size=info.st_size, group=key)
    elif kind == stat.S_IFLNK:
        item.update(type="symlink", target=os.readlink(full), mode=0o777)
    elif kind == stat.S_IFDIR:
        item.update(type="directory")
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        item.update(type="character" if kind == stat.S_IFCHR else "block", device=(os.major(info.st_rdev), os.minor(info.st_rdev)))
    elif kind == stat.S_IFIFO:
        item.update(type="fifo")
    else:
        item.update(type="socket")
    names = os.listxattr(full, follow_symlinks=False)
    item["attributes"] = {
        name: os.getxattr(full, name, follow_symlinks=False)
        for name in names
        if name == "security.capability" or name.startswith("user.")
    }
    return item


def sha256_of(full):
    """Holes are skipped with SEEK_DATA and hashed as zeros."""
    digest, position, zeros = hashlib.sha256(), 0, bytes(1 << 20)
    size = os.stat(full).st_size
    handle = os.open(full, os.O_RDONLY)
    try:
        while position < size:
            try:
                start = os.lseek(handle, position, os.SEEK_DATA)
                end = os.lseek(handle, start, os.SEEK_HOLE)
            except OSError:
                start = end = size
            while position < start:
                count = min(len(zeros), start - position)
                digest.update(zeros[:count])
                position += count
            os.lseek(handle, start, os.SEEK_SET)
            while position < end:
                data = os.read(handle, min(1 << 20, end - position))
                digest.update(data)
                position += len(data)
    finally:
        os.close(handle)
    return digest.hexdigest()


def read_image(layout):
    def blob(descriptor):
        return os.path.join(layout, "blobs", *descriptor["digest"].split(":"))

    def load(descriptor):
        with open(blob(descriptor), "rb") as file:
            return json.load(file)

    with open(os.path.join(layout, "index.json"), "rb") as file:
        manifest = load(json.load(file)["manifests"][0])
    # Engines write no entry for the root itself: it is theirs, mode 0755, and has no time.
    tree = {b"/": {"type": "directory", "mode": 0o755, "uid": 0, "gid": 0, "attributes": {}}}
    for number, layer in enumerate(manifest["layers"]):
        with open(blob(layer), "rb") as file:
            head = file.read(2)
            file.seek(0)
            stream = gzip.GzipFile(fileobj=file) if head == b"\x1f\x8b" else file
            apply_layer(tree, stream, number)
    return tree


def apply_layer(tree, stream, number):
    """Whiteouts, opaque folders and replaced folders are collected, and taken away in one pass: a layer may have 100,000 of them."""
    added, gone, emptied = {}, set(), set()
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive:
        for member in archive:
            path = b"/" + to_bytes(member.name).strip(b"/")
            path = b"/" if path in (b"/.", b"/") else path.replace(b"/./", b"/")
            folder, name = path.rsplit(b"/", 1)
            if name == b".wh..wh..opq":
                emptied.add(folder)
            elif name.startswith(b".wh."):
                gone.add(folder + b"/" + name[4:])
            else:
                added[path] = from_member(archive, member, path, number, added, tree)
    emptied |= gone | {path for path, item in added.items() if item["type"] != "directory"}
    for path in [path for path in tree if path in gone or any(folder in emptied for folder in folders_above(path))]:
        del tree[path]
    tree.update(added)


def folders_above(path):
    while path not in (b"", b"/"):
        path = path.rsplit(b"/", 1)[0]
        yield path


def from_member(archive, member, path, number, added, tree):
    if member.islnk():
        target = b"/" + to_bytes(member.linkname).strip(b"/")
        return added[target] if target in added else tree[target]
    item = {"mode": member.mode & 0o7777, "uid": member.uid, "gid": member.gid, "mtime": int(float(member.mtime) // 1)}
    if member.isreg():
        digest, content = hashlib.sha256(), archive.extractfile(member)
        while True:
            data = content.read(1 << 20)
            if not data:
                break
            digest.update(data)
        item.update(type="file", sha256=digest.hexdigest(), size=member.size, group=(number, path))
    elif member.issym():
        item.update(type="symlink", target=to_bytes(member.linkname), mode=0o777)
    elif member.isdir():
        item.update(type="directory")
    elif member.ischr() or member.isblk():
        item.update(type="character" if member.ischr() else "block", device=(member.devmajor, member.devminor))
    elif member.isfifo():
        item.update(type="fifo")
    else:
        item.update(type=f"unknown {member.type!r}")
    prefix = "SCHILY.xattr."
    item["attributes"] = {
        name[len(prefix):]: to_bytes(value)
        for name, value in member.pax_headers.items()
        if name.startswith(prefix) and (name == prefix + "security.capability" or name.startswith(prefix + "user."))
    }
    return item


def to_bytes(text):
    return text.encode("utf-8", "surrogateescape")


def compare(path, guest, image, strict):
    if guest is None:
        return ["only in the image"]
    if image is None:
        # No layer format holds sockets: the report says so.
        return [] if guest["type"] == "socket" else ["missing from the image"]
    if guest["type"] != image["type"]:
        return [f"type: {guest['type']} became {image['type']}"]
    fields = ["mode", "uid", "gid", "sha256", "size", "target", "device", "attributes"]
    if strict and "mtime" in image:
        fields.append("mtime")
    return [f"{field}: {guest.get(field)!r} became {image.get(field)!r}" for field in fields if guest.get(field) != image.get(field)]


def compare_link_groups(guest, image, excluded):
    def groups(tree):
        members = {}
        for path, item in tree.items():
            if item["type"] == "file" and not ignored(path, excluded):
                members.setdefault(item["group"], set()).add(path)
        return {frozenset(paths) for paths in members.values() if len(paths) > 1}

    ours, theirs = groups(guest), groups(image)
    return [f"hard links lost: {sorted(group)!r}" for group in ours - theirs] + [f"hard links made: {sorted(group)!r}" for group in theirs - ours]


main()
