#!/usr/bin/env python3
"""Prints what the kernel shows of a mounted tree: one JSON object a line, paths and values in hex.

Usage: oracle.py FOLDER [content|metadata]
"""
import hashlib
import json
import os
import stat
import sys

ROOT = os.fsencode(sys.argv[1])
WITH_CONTENT = len(sys.argv) < 3 or sys.argv[2] == 'content'
TYPES = {stat.S_IFREG: 'file', stat.S_IFDIR: 'directory', stat.S_IFLNK: 'symlink', stat.S_IFCHR: 'character',
         stat.S_IFBLK: 'block', stat.S_IFIFO: 'fifo', stat.S_IFSOCK: 'socket'}


def digest(path):
    sha = hashlib.sha256()
    with open(path, 'rb') as file:
        while chunk := file.read(1 << 20):
            sha.update(chunk)
    return sha.hexdigest()


def attributes(path):
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in names}


def describe(path):
    facts = os.lstat(path)
    kind = TYPES[stat.S_IFMT(facts.st_mode)]
    relative = path[len(ROOT):] or b'/'
    entry = {
        'path': relative.hex(), 'type': kind, 'mode': stat.S_IMODE(facts.st_mode), 'uid': facts.st_uid,
        'gid': facts.st_gid, 'size': facts.st_size if kind == 'file' else 0, 'allocated': facts.st_blocks * 512,
        'mtime': facts.st_mtime_ns // 10**9, 'mtimeNanoseconds': facts.st_mtime_ns % 10**9, 'links': facts.st_nlink,
        'identity': f'{facts.st_dev}:{facts.st_ino}', 'attributes': attributes(path)}
    if kind == 'symlink':
        entry['target'] = os.readlink(path).hex()
    if kind in ('character', 'block'):
        entry['device'] = [os.major(facts.st_rdev), os.minor(facts.st_rdev)]
    if kind == 'file' and WITH_CONTENT:
        entry['digest'] = digest(path)
    return entry


def walk(path):
    print(json.dumps(describe(path)))
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for name in sorted(os.listdir(path)):
            walk(os.path.join(path, name))


sys.setrecursionlimit(10000)
walk(ROOT)
