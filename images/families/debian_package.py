"""Debian packages as material for packages of other families: their fields, their relations, their unpacked files.

Which packages exist is known (`Selection`), so relations to what is left out (dpkg, debconf, ...) fall away here and the
result installs by itself. Paths are those of a merged /usr.
"""
import dataclasses
import os
import re
import subprocess

RELATION = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.+-]*)(?::\w+)?\s*(?:\(\s*(?P<op><<|<=|=|>=|>>)\s*(?P<version>[^)\s]+)\s*\))?$")
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


@dataclasses.dataclass
class Relation:
    name: str
    op: str | None
    version: str | None


@dataclasses.dataclass
class DebianPackage:
    file: str
    fields: dict
    conffiles: list

    @property
    def name(self):
        return self.fields["Package"]

    def relations(self, *fields):
        """Groups of alternatives."""
        text = ", ".join(self.fields[field] for field in fields if field in self.fields)
        groups = [[parse_relation(part) for part in group.split("|")] for group in text.split(",") if group.strip()]
        return [[relation for relation in group if relation] for group in groups]

    def unpack(self, root):
        subprocess.run(["dpkg-deb", "--extract", self.file, root], check=True)
        for name in MERGED:
            old, new = os.path.join(root, name), os.path.join(root, "usr", name)
            if os.path.isdir(old) and not os.path.islink(old):
                os.makedirs(new, exist_ok=True)
                subprocess.run(["cp", "-a", f"{old}/.", new], check=True)
                subprocess.run(["rm", "-r", old], check=True)


class Selection:
    """The packages of a folder, and who provides what among them."""

    def __init__(self, folder, extra_names=()):
        files = sorted(name for name in os.listdir(folder) if name.endswith(".deb"))
        self.packages = [read(os.path.join(folder, name)) for name in files]
        self.names = {item.name for item in self.packages} | set(extra_names)
        for item in self.packages:
            self.names |= {relation.name for group in item.relations("Provides") for relation in group}

    def known(self, groups):
        """Alternatives that somebody satisfies; a group of none was about what is left out."""
        kept = ([relation for relation in group if relation.name in self.names] for group in groups)
        return [group for group in kept if group]


def read(file):
    text = subprocess.run(["dpkg-deb", "--field", file], check=True, capture_output=True, text=True).stdout
    fields = {}
    for line in text.splitlines():
        if line and line[0] not in " \t":
            name, value = line.split(":", 1)
            fields[name] = value.strip()
    info = subprocess.run(["dpkg-deb", "--info", file, "conffiles"], capture_output=True, text=True)
    return DebianPackage(file, fields, info.stdout.split("\n") if info.returncode == 0 else [])


def parse_relation(text):
    match = RELATION.match(text.strip())
    return Relation(match["name"], match["op"], match["version"]) if match else None


def split_version(text):
    """(epoch or None, upstream, revision or None), without the dashes that the other families use as separators."""
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = None, text
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, None
    return epoch, upstream.replace("-", "."), revision
