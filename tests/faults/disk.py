# SPDX-License-Identifier: Apache-2.0
"""What a disk holds after a power cut, from the calls that shim.so wrote down."""
import itertools
import os
import stat

CHANGES = {"create", "truncate", "write", "fsync", "chmod", "chown", "mkdir", "rmdir", "unlink", "rename", "link"}
ALLOCATES = {"create", "write", "mkdir", "rename", "link"}


def walk(folder):
    for where, dirs, files in os.walk(folder):
        for name in dirs + files:
            yield os.path.join(where, name)


def tree_of(folder):
    """{path from the folder: (mode, bytes or None for a folder)}, itself as ''."""
    tree = {}
    if os.path.exists(folder):
        for path in [folder, *walk(folder)]:
            mode = os.lstat(path).st_mode
            data = None
            if stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    data = file.read()
            tree["certs" + path[len(folder):]] = (mode & 0o777, data)
    return tree


class Node:
    def __init__(self, mode, data=None):
        self.mode = mode
        self.data = data  # None: a folder
        self.synced = data  # what a power cut leaves of it
        self.entries = {}  # of a folder, all that is durable


class Model:
    """A file system that keeps nothing but what was synced. A file's bytes are there or, unless fsynced, are not; a
    name that was made, moved or removed is or, unless a folder that it is about was fsynced, may not be, whatever
    became of those before and after it. A rename happens to both folders at once, or, as some file systems have it,
    first to the one that it leads to."""

    def __init__(self, tree):
        self.root = Node(0o755)
        self.pending = []  # [(folder, name, node or None), ...] a step
        self.data_pending = []
        self.now = {"": self.root}  # by path
        for path in sorted(tree):
            mode, data = tree[path]
            node = Node(mode, data)
            self.now[path] = node
            self.now[os.path.dirname(path)].entries[os.path.basename(path)] = node

    def step(self, *changes):
        self.pending.append([(self.now[os.path.dirname(p)], os.path.basename(p), node) for p, node in changes])

    def apply(self, call):
        _, name, path, more, errnum = call
        if errnum or name not in CHANGES:
            return
        node = self.now.get(path)
        if name == "create" and node is None or name == "mkdir":
            self.now[path] = Node(int(more, 8), None if name == "mkdir" else b"")
            self.step((path, self.now[path]))
        elif name == "truncate":
            node.data = b""
        elif name == "write":
            node.data += bytes.fromhex(more)
        elif name == "chmod":
            node.mode = int(more, 8)
        elif name in ("unlink", "rmdir"):
            self.step((path, None))
            del self.now[path]
        elif name == "link":
            self.now[more] = node
            self.step((more, node))
        elif name == "rename":
            if self.now.get(more) is node:
                return  # two names of one file: nothing is done
            self.step((more, node), (path, None))
            self.now[more] = node
            del self.now[path]
        elif name == "fsync":
            if node.data is not None:
                node.synced = node.data
            else:
                self.settle(node)

    def settle(self, folder):
        """All that FOLDER is part of has happened."""
        rest = []
        for step in self.pending:
            if any(f is folder for f, _, _ in step):
                for f, name, node in step:
                    put(f.entries, name, node)
            else:
                rest.append(step)
        self.pending = rest

    def tree(self, chosen=None, synced=False):
        """As it is, or as it is where of the pending steps the CHOSEN happened: {index: how many changes of it}."""
        entries = {}
        for i, step in enumerate(self.pending):
            for folder, name, node in step[:len(step) if chosen is None else chosen.get(i, 0)]:
                put(entries.setdefault(id(folder), dict(folder.entries)), name, node)
        out = {}

        def add(folder, path):
            for name, node in entries.get(id(folder), folder.entries).items():
                below = path + "/" + name if path else name
                out[below] = (node.mode, node.synced if synced and node.data is not None else node.data)
                if node.data is None:
                    add(node, below)

        add(self.root, "")
        return out

    def cuts(self):
        """The trees that a power cut may leave now."""
        whole = [len(step) for step in self.pending]
        n = len(whole)
        if n <= 4:
            choices = [dict(enumerate(some)) for some in itertools.product(*(range(w + 1) for w in whole))]
        else:
            choices = [dict(enumerate(whole[:k])) for k in range(n + 1)]  # the first K, the last, all but one, one
            choices += [dict(list(enumerate(whole))[k:]) for k in range(1, n)]
            choices += [{i: w for i, w in enumerate(whole) if i != k} for k in range(n)]
            choices += [{k: whole[k]} for k in range(n)]
            choices += [{i: 1 if i == k else w for i, w in enumerate(whole)} for k in range(n)]
        for chosen in choices:
            yield self.tree(chosen, False)
            yield self.tree(chosen, True)


def put(entries, name, node):
    if node is None:
        entries.pop(name, None)
    else:
        entries[name] = node


def lay(tree, root):
    for path in sorted(tree):
        mode, data = tree[path]
        if data is None:
            os.mkdir(root + "/" + path)
        else:
            with open(root + "/" + path, "wb") as file:
                file.write(data)
        os.chmod(root + "/" + path, mode)
