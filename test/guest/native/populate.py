#!/usr/bin/env python3
"""Fills a mounted file system with what hurts readers: names, links, devices, times, holes, attributes.

Usage: populate.py FOLDER [small]; what the file system cannot hold is skipped without a word.
"""
import ctypes
import fcntl
import os
import random
import socket
import stat
import struct
import sys

ROOT = os.fsencode(sys.argv[1])
SMALL = 'small' in sys.argv[2:]
BLOCK = os.statvfs(ROOT).f_bsize
KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE = 1, 2, 16
FICLONE = 0x40049409
LIBC = ctypes.CDLL(None, use_errno=True)
random.seed(11)


def at(*parts):
    return os.path.join(ROOT, *(os.fsencode(part) for part in parts))


def attempt(function, *args, **options):
    try:
        return function(*args, **options)
    except OSError:
        return None


def write(path, data=b''):
    with open(path, 'wb') as file:
        file.write(data)


def allocate(descriptor, mode, offset, length):
    if LIBC.fallocate(descriptor, mode, ctypes.c_long(offset), ctypes.c_long(length)):
        raise OSError(ctypes.get_errno(), 'fallocate')


def system():
    """Enough of a system to be taken for one."""
    for folder in ('etc', 'usr', 'bin'):
        os.mkdir(at(folder))
    write(at('etc', 'passwd'), b'root:x:0:0::/root:/bin/sh\n')


def sizes():
    os.mkdir(at('sizes'))
    edges = [0, 1, 59, 60, 61, 100, 128, 135, 150, 156, 160, 161, 200, 900, 2000, 2048, BLOCK - 1, BLOCK, BLOCK + 1,
             12 * BLOCK, 12 * BLOCK + 1, 270 * BLOCK + 5, 3 * 2**20 + 17]
    for size in edges:
        write(at('sizes', str(size)), random.randbytes(size))
        write(at('sizes', f'text{size}'), (b'the same words again and again %d\n' % size * (size // 30 + 1))[:size])


def folders():
    counts = [(3, 8), (40, 30), (300, 60)] + ([(1200, 40)] if SMALL else [(5000, 120)])
    for count, length in counts:
        folder = f'folder{count}'
        os.mkdir(at(folder))
        for index in range(count):
            write(at(folder, f'{index:06}-'.ljust(length, 'n')), b'%d' % index if index % 3 == 0 else b'')
    os.mkdir(at('half'))
    total = 600 if SMALL else 3000
    for index in range(total):
        write(at('half', f'gone{index}'))
    for index in range(0, total, 2):
        os.unlink(at('half', f'gone{index}'))
    deep = b'deep'
    for level in range(60):
        os.mkdir(at(deep))
        deep = os.path.join(deep, b'%d' % level)


def names():
    os.mkdir(at('names'))
    for name in (b'\xff\xfe bytes', b'new\nline', b'n' * 255, b' lead', b'trail ', b'-rf', b'\xc3\xa9\xcc\x81', b'...',
                 b'tab\t"quote"\\', b'..x', b'\xed\xa0\x80', b'UPPER', b'upper'):
        attempt(write, at('names', name), name)


def links():
    os.mkdir(at('links'))
    for length in (1, 10, 58, 59, 60, 61, 100, 150, 156, 330, 336, 340, 1000, 1023, 1024, 2000, 4000, 4095):
        attempt(os.symlink, (b'/to/' * 1100)[:length], at('links', f'symbolic{length}'))
    write(at('links', 'hard0'), b'hard')
    for index in range(1, 40 if SMALL else 200):
        os.link(at('links', 'hard0'), at('links', f'hard{index}'))
    os.link(at('links', 'hard0'), at('names', 'elsewhere'))


def devices():
    os.mkdir(at('dev'))
    kinds = [('c1', stat.S_IFCHR, 1, 3), ('b1', stat.S_IFBLK, 8, 0), ('c2', stat.S_IFCHR, 255, 255), ('c0', stat.S_IFCHR, 0, 0),
             ('c3', stat.S_IFCHR, 256, 256), ('b2', stat.S_IFBLK, 259, 1048575), ('c4', stat.S_IFCHR, 4095, 0)]
    for name, kind, major, minor in kinds:
        attempt(os.mknod, at('dev', name), kind | 0o640, os.makedev(major, minor))
    os.mkfifo(at('dev', 'fifo'))
    before = os.getcwd()
    os.chdir(at('dev'))
    socket.socket(socket.AF_UNIX).bind('socket')
    os.chdir(before)


def metadata():
    os.mkdir(at('metadata'))
    owners = [(0, 0, 0o4755), (65535, 65536, 0o2755), (70000, 2**32 - 2, 0o1777), (1000, 100, 0), (2**31, 2**31 - 1, 0o7777)]
    for index, (uid, gid, mode) in enumerate(owners):
        path = at('metadata', f'owner{index}')
        write(path, b'x')
        attempt(os.chown, path, uid, gid)
        os.chmod(path, mode)
    for seconds in (0, 1, -1, -2**31, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**33 + 5, 15032385535, 16299260424):
        path = at('metadata', f'time{seconds}')
        write(path)
        attempt(os.utime, path, ns=(0, seconds * 10**9 + 123456789))


def holes():
    os.mkdir(at('holes'))

    def make(name, work):
        descriptor = os.open(at('holes', name), os.O_RDWR | os.O_CREAT, 0o644)
        attempt(work, descriptor)
        os.close(descriptor)

    def fragment(descriptor):
        os.pwrite(descriptor, random.randbytes(400 * BLOCK), 0)
        os.fsync(descriptor)
        for index in range(0, 400, 2):
            allocate(descriptor, PUNCH_HOLE | KEEP_SIZE, index * BLOCK, BLOCK)

    def scatter(descriptor):
        for index in range(300 if SMALL else 3000):
            os.pwrite(descriptor, b'%d' % index, index * 2 * BLOCK)

    make('all', lambda fd: os.ftruncate(fd, 10_000_001))
    make('tail', lambda fd: (os.pwrite(fd, b'abc', 0), os.ftruncate(fd, 5_000_000)))
    make('head', lambda fd: os.pwrite(fd, b'abc', 7_000_000))
    make('middle', lambda fd: (os.pwrite(fd, b'a' * 9000, 0), os.pwrite(fd, b'b' * 9000, 1_000_000)))
    make('far', lambda fd: os.pwrite(fd, b'z', 300 * 2**20))
    make('unwritten', lambda fd: (allocate(fd, 0, 0, 1_000_000), os.pwrite(fd, b'q' * 5000, 500_000)))
    make('keepsize', lambda fd: (os.pwrite(fd, b'keep', 0), allocate(fd, KEEP_SIZE, 0, 1_000_000)))
    make('punched', lambda fd: (os.pwrite(fd, random.randbytes(400_000), 0), os.fsync(fd), allocate(fd, 3, 100_000, 200_000)))
    make('zeroed', lambda fd: (os.pwrite(fd, random.randbytes(400_000), 0), allocate(fd, ZERO_RANGE, 100_000, 200_000)))
    make('fragmented', fragment)
    make('scattered', scatter)
    write(at('holes', 'large'), random.randbytes(2**20) * (5 if SMALL else 80))
    write(at('holes', 'compressible'), b'0123456789abcdef' * 2**16 * 3 + b'end')
    # Two writers in turn, each from its own end.
    one, two = (os.open(at('holes', name), os.O_WRONLY | os.O_CREAT, 0o600) for name in ('one', 'two'))
    for index in range(60):
        for descriptor, place in ((one, index), (two, 59 - index)):
            os.pwrite(descriptor, random.randbytes(BLOCK), place * BLOCK)
            os.fsync(descriptor)
    os.close(one)
    os.close(two)
    for name in ('large', 'fragmented', 'compressible'):
        source = os.open(at('holes', name), os.O_RDONLY)
        clone = os.open(at('holes', name + '.clone'), os.O_RDWR | os.O_CREAT)
        if attempt(fcntl.ioctl, clone, FICLONE, source) is not None:
            os.pwrite(clone, b'changed', 5 * BLOCK)
        os.close(source)
        os.close(clone)


def attributes():
    os.mkdir(at('attributes'))

    def put(name, key, value):
        attempt(os.setxattr, at('attributes', name), key, value, follow_symlinks=False)

    def access_list(*entries):
        return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)

    none = 2**32 - 1
    for index in range(12):
        write(at('attributes', f'f{index}'), b'x' * (index * 10))
    put('f0', 'user.empty', b'')
    put('f0', 'user.b', b'v')
    put('f1', 'user.long', random.randbytes(60))
    put('f1', 'trusted.t', b'T')
    put('f2', 'user.2k', random.randbytes(2000))
    put('f3', 'user.30k', random.randbytes(30000))
    put('f3', 'user.64k', random.randbytes(65536))
    for index in range(30):
        put('f4', f'user.some{index}', random.randbytes(20))
    for index in range(60 if SMALL else 400):
        put('f5', f'user.many{index}', random.randbytes(100))
    put('f6', 'security.capability', struct.pack('<IIIII', 0x02000001, 0x2000, 0, 0, 0))
    put('f6', 'security.selinux', b'system_u:object_r:etc_t:s0\0')
    put('f7', 'security.capability', struct.pack('<IIIIII', 0x03000001, 0x400, 0, 0, 0, 1000))
    put('f8', 'system.posix_acl_access',
        access_list((1, 6, none), (2, 7, 1000), (2, 4, 70000), (4, 4, none), (8, 5, 100), (16, 7, none), (32, 4, none)))
    os.mkdir(at('attributes', 'folder'))
    default = access_list((1, 7, none), (2, 7, 33), (4, 5, none), (16, 7, none), (32, 5, none))
    put('folder', 'system.posix_acl_default', default)
    put('folder', 'system.posix_acl_access', default)
    write(at('attributes', 'folder', 'inherits'))
    os.symlink(b'x', at('attributes', 'link'))
    put('link', 'trusted.onlink', b'1')
    for index in range(20):
        put('f9', 'user.' + 'k' * (index + 1), b'same' * 40)
    put('f10', 'user.' + 'n' * 250, b'x')
    # Files with equal attributes share one block on ext.
    for index in range(5):
        write(at('attributes', f'shared{index}'))
        put(f'shared{index}', 'user.shared', b'S' * 500)


for step in (system, sizes, folders, names, links, devices, metadata, holes, attributes):
    step()
