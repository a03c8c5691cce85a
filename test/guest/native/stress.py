#!/usr/bin/env python3
"""Changes a mounted tree at random, as a busy machine does; ends with one fsync.

Usage: stress.py FOLDER SEED OPERATIONS
"""
import os
import random
import shutil
import sys

root, seed, operations = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(seed)
folders, files = [root], []


def make_folder(index):
    path = f'{random.choice(folders)}/folder{seed}-{index}'
    os.mkdir(path)
    folders.append(path)


def write_file(index):
    path = f'{random.choice(folders)}/file{seed}-{index}' + 'n' * random.randint(0, 80)
    with open(path, 'wb') as file:
        file.write(os.urandom(random.choice([0, 10, 5000, 60000, 300000])))
    files.append(path)


def remove_file(_):
    os.unlink(files.pop(random.randrange(len(files))))


def remove_folder(_):
    if len(folders) < 25:
        return
    shutil.rmtree(folders.pop(random.randrange(len(folders) // 2, len(folders))))
    folders[:] = [path for path in folders if os.path.isdir(path)]
    files[:] = [path for path in files if os.path.exists(path)]


def rename(index):
    path, target = random.choice(files), f'{random.choice(folders)}/renamed{seed}-{index}'
    os.rename(path, target)
    files.remove(path)
    files.append(target)


def attribute(index):
    os.setxattr(random.choice(files), f'user.x{index % 5}', os.urandom(random.choice([5, 200, 900])))


def truncate(_):
    os.truncate(random.choice(files), random.randint(0, 100000))


def link(index):
    os.link(random.choice(files), f'{random.choice(folders)}/link{seed}-{index}')


def symbolic(index):
    os.symlink('t' * random.choice([5, 100]), f'{random.choice(folders)}/symbolic{seed}-{index}')


def sync(_):
    descriptor = os.open(random.choice(files or [root]), os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


WORK = [(12, make_folder), (43, write_file), (10, remove_file), (5, remove_folder), (8, rename), (6, attribute),
        (4, truncate), (4, link), (4, symbolic), (4, sync)]
CHOICES = [work for weight, work in WORK for _ in range(weight)]
for name in ('etc', 'usr'):
    os.makedirs(f'{root}/{name}', exist_ok=True)
open(f'{root}/etc/passwd', 'a').close()
for number in range(operations):
    try:
        random.choice(CHOICES)(number)
    except (OSError, IndexError, ValueError):
        pass
sync(0)
