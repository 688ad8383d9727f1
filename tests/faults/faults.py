# SPDX-License-Identifier: Apache-2.0
"""What a publication leaves behind when it is disturbed: faults.py WAY COMMAND, of WAYS and COMMANDS below.

A command is run once undisturbed under shim.so, which writes its calls down, and then again and again, each time with
another call disturbed. After each the directory is looked at in three steps:
  - as our programs read it (set read), it holds the old set or the new one, whole;
  - the next ca-init and token --init finish or discard, and what any program sees then is that same set;
  - no file of ours is left over, none with a private key was ever open to others, and .daprcerts/prev is the set
    before the one in force.
What is whole is for openssl to say. Run by tests/faults/faults.sh; its folder is the current one."""
import base64
import concurrent.futures
import contextlib
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading

from disk import ALLOCATES, CHANGES, Model, lay, tree_of, walk

BUILD = os.environ["TOP_BUILDDIR"]
SHIM = BUILD + "/tests/faults/shim.so"
SET = BUILD + "/tests/faults/set"
HERE = os.getcwd()

CA = ["ca.crt", "ca.key", "client.crt", "client.key", "issuer.crt", "issuer.key"]
TOKENS = ["token.key", "token-jwks.json"]
STATE = [".daprcerts/state", ".daprcerts/staged.key"]
NAMES = CA + ["daprcerts.conf"] + TOKENS + STATE  # all that is looked at
BUSY = 5  # rotate's status where another publishes
LOCK = "certs/.daprcerts/lock"
OWN = {"format", "lock", "prev", "state", "staged.key"}  # all that may lie in .daprcerts in the end

CA_INIT = ["daprcerts-ca-init", "--dir", "DIR"]
ROTATE = ["daprcerts-rotate", "--dir", "DIR"]
TOKEN_INIT = ["daprcerts-token", "--init", "--force", "--dir", "DIR"]
THIRD = [SET, "replace", "DIR", HERE + "/third"] + CA
REPLACE = [SET, "replace", "DIR", HERE + "/other"] + CA
KUBE_IMPORT = ["daprcerts-kube-import", HERE + "/third.yaml", "--force", "--dir", "DIR"]  # the third, with another issuer

# A command: what is done before it, undisturbed (KILLED: up to the call after the mark is made, which is not durable
# then), itself, and the ways in which it is disturbed. DIR is the directory.
KILLED = "killed"
COMMANDS = {
    "ca-init": ([], CA_INIT, "kill error full power beside links"),
    "rotate issuer": ([CA_INIT, THIRD], ROTATE + ["issuer"], "kill error full power beside links"),
    "rotate root": ([CA_INIT, THIRD], ROTATE + ["root"], "kill power"),
    "rotate root --staged": ([CA_INIT, THIRD], ROTATE + ["root", "--staged"], "kill power"),
    "rotate retire": ([CA_INIT, ROTATE + ["root"]], ROTATE + ["retire", "--force"], "kill power"),
    "rotate rollback": ([CA_INIT, ROTATE + ["root"]], ROTATE + ["rollback"], "kill power"),
    "kube-import": ([CA_INIT, THIRD], KUBE_IMPORT, "kill error power"),
    "replace": ([CA_INIT, THIRD], REPLACE, "kill error power"),
    "recovery": ([CA_INIT, THIRD, [KILLED] + REPLACE], CA_INIT, "kill error power links"),
    "token": ([CA_INIT, TOKEN_INIT, TOKEN_INIT], TOKEN_INIT, "kill"),
}
# Of the trees that a power cut may leave all are read, and every Nth is given to the next programs; 1: each.
EVERY = int(os.environ.get("FAULTS_EVERY", "4"))
# Of all points every Nth, and the last; 1: each.
SAMPLE = int(os.environ.get("FAULTS_SAMPLE", "1"))


class Wrong(Exception):
    pass


# --- programs --------------------------------------------------------------------------------------------------------

class Case:
    """A folder of its own, with the directory in it. So that no path differs in length, names are numbers."""

    def __init__(self, start=None):
        self.root = tempfile.mkdtemp(prefix="case.", dir=HERE)
        self.dir = self.root + "/certs"
        self.log = self.root + ".log"
        if start and os.path.exists(start):
            shutil.copytree(start, self.dir)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)
        if os.path.exists(self.log):
            os.remove(self.log)

    def start(self, argv, at=None, how=None, logged=True, umask=0):
        words = [w if w.startswith("/") or not w.startswith("daprcerts-") else BUILD + "/" + w for w in argv]
        env = dict(os.environ, LD_PRELOAD=SHIM, FAULTS_ROOT=self.root)
        if logged:
            env.update(FAULTS_LOG=self.log)
        if at:
            env.update(FAULTS_AT=str(at), FAULTS_HOW=how)
        return subprocess.Popen([self.dir if w == "DIR" else w for w in words], env=env, umask=umask, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @contextlib.contextmanager
    def stopped(self, argv, at):
        """The process of ARGV, stopped before its call AT; goes on after the block, and is at its end after that, with its
        words in "words"."""
        process = self.start(argv, at, "stop")
        _, state = os.waitpid(process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(state):
            raise Wrong("did not stop")
        try:
            yield process
        finally:
            os.kill(process.pid, signal.SIGCONT)
            _, process.words = process.communicate()

    def run(self, argv, at=None, how=None, logged=False, umask=0):
        process = self.start(argv, at, how, logged or at is not None, umask)
        _, err = process.communicate()
        if "anitizer" in err or process.returncode not in (0, 1, BUSY, -signal.SIGKILL):
            raise Wrong("%s: status %d: %s" % (argv[0], process.returncode, err))
        return process.returncode, err

    def calls(self):
        """The log: number, name, path, more, errno; paths from the root."""
        with open(self.log) as log:
            fields = [line.rstrip("\n").split("\t") for line in log]
        strip = len(self.root) + 1
        return [(int(n), name, path[strip:], more[strip:] if more.startswith(self.root) else more, int(errnum))
                for n, name, path, more, errnum in fields]


# --- what is whole ---------------------------------------------------------------------------------------------------

def openssl(*words):
    done = subprocess.run(["openssl", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Wrong("openssl %s: %s" % (" ".join(words), done.stderr.decode()))
    return done.stdout


def fits(folder, name):
    if openssl("x509", "-in", "%s/%s.crt" % (folder, name), "-noout", "-pubkey") != \
            openssl("pkey", "-in", "%s/%s.key" % (folder, name), "-pubout"):
        raise Wrong("%s.key is not %s.crt's" % (name, name))


def check_ca(folder):
    for name in ("ca", "client", "issuer"):
        fits(folder, name)
    trusted = ["-x509_strict", "-CAfile", folder + "/ca.crt"]
    for name in ("ca", "issuer"):
        openssl("verify", *trusted, "%s/%s.crt" % (folder, name))
    openssl("verify", *trusted, "-purpose", "sslclient", "-untrusted", folder + "/client.crt", folder + "/client.crt")


def check_tokens(folder):
    point = openssl("pkey", "-in", folder + "/token.key", "-pubout", "-outform", "DER")[-64:]
    with open(folder + "/token-jwks.json") as file:
        key = json.load(file)["keys"][0]
    if point != b"".join(base64.urlsafe_b64decode(key[c] + "=") for c in "xy"):
        raise Wrong("token.key is not in token-jwks.json")


known = {}  # by hash: what openssl said
lock = threading.Lock()


def check_whole(files):
    """A set, as {name: bytes}: nothing of it, or all."""
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).digest()
    with lock:
        if digest in known:
            if known[digest]:
                raise Wrong(known[digest])
            return
    why = None
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        for name, data in files.items():
            with open(folder + "/" + os.path.basename(name), "wb") as file:
                file.write(data)
        try:
            for group, judge in ((CA + ["daprcerts.conf"], check_ca), (TOKENS, check_tokens)):
                there = [name for name in group if name in files]
                if there == group:
                    judge(folder)
                elif there:
                    raise Wrong("no more than %s is there" % there)
        except Wrong as error:
            why = str(error)
    with lock:
        known[digest] = why
    if why:
        raise Wrong(why)


def plain(folder):
    """The files as any program sees them."""
    files = {}
    for name in NAMES:
        if os.path.isfile(folder + "/" + name):
            with open(folder + "/" + name, "rb") as file:
                files[name] = file.read()
    return files


def as_read(folder):
    """And as ours do."""
    if not os.path.exists(folder):
        return {}
    done = subprocess.run([SET, "read", folder] + NAMES, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Wrong("cannot be read: " + done.stderr.decode())
    rest, files = done.stdout, {}
    while rest:
        line, rest = rest.split(b"\n", 1)
        name, length = line.decode().split(" ")
        if int(length) >= 0:
            files[name], rest = rest[:int(length)], rest[int(length):]
    return files


def check_keys(folder):
    for path in walk(folder):
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode) and mode & 0o177:
            name = os.path.basename(path)
            with open(path, "rb") as file:  # one that is empty may have been opened already
                if b"PRIVATE KEY" in file.read() or ".key" in name and not name.startswith("-"):
                    raise Wrong("%s holds a key and has mode %o" % (path, mode & 0o777))


# --- the judgement ---------------------------------------------------------------------------------------------------

class Command:
    def __init__(self, name):
        before, self.argv, _ = COMMANDS[name]
        self.judged = {}  # by likeness
        self.pending = []  # calls whose effects are not durable when the command begins
        self.start = tempfile.mkdtemp(prefix="start.", dir=HERE) + "/certs"
        with Case() as case:
            for argv in before:
                self.old, self.old_prev = plain(case.dir), plain(case.dir + "/.daprcerts/prev")
                if argv[0] == KILLED:
                    self.kill_marked(case, argv[1:])
                elif case.run(argv)[0]:
                    raise Wrong("cannot begin: %s" % argv)
            if not (before and before[-1][0] == KILLED):
                self.old, self.old_prev = plain(case.dir), plain(case.dir + "/.daprcerts/prev")
            if os.path.exists(case.dir):
                shutil.copytree(case.dir, self.start)
            os.path.exists(case.log) and os.remove(case.log)
            self.status, _ = case.run(self.argv, logged=True)
            self.calls = case.calls()
            self.released = next(n for n, name, path, *_ in self.calls if path == LOCK and name == "close")
            self.names = {call[:2] for call in self.calls}
            self.new, self.new_prev = plain(case.dir), plain(case.dir + "/.daprcerts/prev")
            self.changed = {n for n in NAMES if self.old.get(n) != self.new.get(n)}
            self.known = {data for _, data in tree_of(self.start).values() if data} | set(self.old.values())
            self.model_is_true(case)
        if self.status and not self.pending:
            raise Wrong("fails undisturbed")
        check_whole(self.old)
        check_whole(self.new)
        renames = [os.path.basename(more) for _, name, _, more, _ in self.calls
                   if name == "rename" and os.path.dirname(more) == "certs" and os.path.basename(more) in CA]
        if renames != [name for name in CA if name in renames]:
            raise Wrong("files come in the order %s" % renames)
        if len(self.calls) < 20 or not self.changed:
            raise Wrong("nothing was written down")

    def kill_marked(self, case, argv):
        """Dies when the mark is there and not durable."""
        with Case(case.dir) as trial:
            trial.run(argv, logged=True)
            at = next(n for n, name, path, *_ in trial.calls()
                      if name == "create" and path == "certs/.daprcerts/next/complete")
        self.before_pending = tree_of(case.dir)
        case.run(argv, at + 1, "kill")
        self.pending = case.calls()

    def model_is_true(self, case):
        """What the log makes of the start is what is there: no call that changes something escaped it."""
        begin = self.before_pending if self.pending else tree_of(self.start)
        model = Model(begin)
        for call in self.pending + self.calls:
            model.apply(call)
        there = tree_of(case.dir)
        if model.tree() != there:
            raise Wrong("the log does not tell all: %s" % sorted(
                k for k in set(there) | set(model.tree()) if there.get(k) != model.tree().get(k)))

    def which(self, files):
        """Old or new, whole."""
        if files == self.old:
            return "old"
        same = {n for n in self.changed if files.get(n) == self.old.get(n)}
        if same:
            raise Wrong("a mixture: of the old set are %s" % sorted(same))
        other = {n for n in NAMES if n not in self.changed and files.get(n) != self.old.get(n)}
        if other:
            raise Wrong("changed: %s" % sorted(other))
        check_whole(files)
        return "new"

    def judge(self, case, thorough=True):
        """The three steps, or but the first. Returns what it was: old or new. What differs by keys alone is judged
        once."""
        like = self.likeness(tree_of(case.root))
        with lock:
            if like in self.judged:
                return self.judged[like]
        check_keys(case.root)
        read = as_read(case.dir)
        which = self.which(read)
        if thorough:
            self.judge_next(case, read, which)
        with lock:
            self.judged[like] = which
        return which

    def likeness(self, tree):
        def like(data):
            if data is None or data in self.known:
                return data
            whole = data.startswith(b"-----BEGIN ") and data.endswith(b"-----\n") or \
                data.startswith(b"{") and data.endswith(b"}\n")
            return "whole" if whole else data
        return repr(sorted((path, mode, like(data)) for path, (mode, data) in tree.items()))

    def judge_next(self, case, read, which):
        # the next one, which refuses unless there is nothing, finishes what is marked
        status, err = case.run(CA_INIT)
        now = plain(case.dir)
        if status and not read:
            raise Wrong("the next ca-init fails: " + err)
        if read and now != read:
            raise Wrong("the next run made another set of it")
        check_whole(now)
        if plain(case.dir + "/.daprcerts/prev") != (self.new_prev if which == "new" else self.old_prev):
            raise Wrong("prev is not the set before")
        # and the next that replaces throws away what is not
        status, err = case.run(TOKEN_INIT)
        if status:
            raise Wrong("the next token --init fails: " + err)
        end = plain(case.dir)
        check_whole(end)
        if any(end.get(n) != data for n, data in now.items() if n not in TOKENS):
            raise Wrong("the next token --init changed more")
        left = set(os.listdir(case.dir + "/.daprcerts")) - OWN | set(os.listdir(case.dir)) - set(NAMES) - {".daprcerts"}
        if left:
            raise Wrong("left over: %s" % sorted(left))
        modes = {n for n in (".daprcerts", ".daprcerts/prev") if os.path.exists(case.dir + "/" + n)
                 and os.stat(case.dir + "/" + n).st_mode & 0o777 != 0o755}
        if modes:
            raise Wrong("closed to readers: %s" % modes)
        check_keys(case.root)


def each(command, points, disturb):
    """DISTURB(point) for all, on all processors; every point that went wrong is told."""
    wrong = []

    def one(point):
        try:
            return disturb(point)
        except Wrong as error:
            call = next((c for c in command.calls if c[0] == point[0]), None) if isinstance(point[0], int) else None
            wrong.append("%s %s: %s" % (point, call and call[1:3], error))
            return None

    if points:
        points = points[:-1][::SAMPLE] + points[-1:]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(one, points))
    for line in wrong[:20]:
        print(line)
    if wrong:
        raise Wrong("%d of %d points" % (len(wrong), len(points)))
    print("%d points: %s" % (len(points), {r: results.count(r) for r in sorted(set(map(str, results)))}))
    return results


def ways_of(command, names, hows):
    return [(n, how) for n, name, _, _, _ in command.calls if name in names for how in hows]


def disturbed(command, must=None):
    def run(point):
        at, how = point
        with Case(command.start) as case:
            # a file is met when it may be too open, a folder when it may be too closed
            status, err = case.run(command.argv, at, how, umask=0o77 if (at - 1, "mkdir") in command.names else 0)
            if status == 0 and must is None and command.status == 0:
                # a call that failed and made no difference: then all must be done
                if command.which(as_read(case.dir)) != "new":
                    raise Wrong("says that all is well")
            if must is not None and status != must:
                raise Wrong("status %d: %s" % (status, err))
            if status == 1 and not err:
                raise Wrong("fails without a word")
            which = command.judge(case)
            # who is told of a failure is told when the new set counts nevertheless; not where the disk is gone
            if status == 1 and command.status == 0 and at < command.released and "dead" not in how and \
                    (which == "new") != ("counts already" in err):
                raise Wrong("%s, and says: %s" % (which, err))
            return which
    return run


def need_both(command, results):
    if "new" not in results or command.status == 0 and "old" not in results:
        raise Wrong("old and new should be met, not %s" % set(results))


def kill(command):
    last = max(n for n, *_ in command.calls) + 1
    points = ways_of(command, CHANGES, ["kill"]) + ways_of(command, {"write"}, ["torn"]) + [(last, "kill")]
    need_both(command, each(command, points, disturbed(command)))


def error(command):
    every = {name for _, name, _, _, _ in command.calls}
    points = ways_of(command, every - ALLOCATES, ["fail=5"]) + ways_of(command, ALLOCATES, ["fail=28"]) + \
        ways_of(command, {"write"}, ["fail=122"])
    each(command, points, disturbed(command))
    each(command, ways_of(command, {"write"}, ["short", "fail=4"]) + ways_of(command, {"fsync"}, ["fail=4"]),
         disturbed(command, command.status))


def full(command):
    each(command, ways_of(command, ALLOCATES, ["full=28"]), disturbed(command, 1))
    each(command, ways_of(command, CHANGES, ["dead=5"]), disturbed(command, 1))


# --- power cuts ------------------------------------------------------------------------------------------------------

def power(command):
    model = Model(command.before_pending if command.pending else tree_of(command.start))
    for call in command.pending:
        model.apply(call)
    cuts, last = {}, set()
    for call in [(0, "begin", "", "", 0)] + command.calls:
        model.apply(call)
        if call[1] not in CHANGES and call[0]:
            continue
        last = set()
        for tree in model.cuts():
            key = hashlib.sha256(repr(sorted(tree.items())).encode()).digest()
            cuts.setdefault(key, (call[0], tree))
            last.add(key)

    thorough = set(list(cuts)[::EVERY]) | last

    def cut(point):
        with Case() as case:
            lay(cuts[point[1]][1], case.root)
            which = command.judge(case, point[1] in thorough)
            if point[1] in last and which != "new":
                raise Wrong("the set that was said to be there is not")
            return which

    need_both(command, each(command, [(where, key) for key, (where, _) in cuts.items()], cut))


# --- two at once -----------------------------------------------------------------------------------------------------

def beside(command):
    """While the command stands still, another comes: refused from the lock's taking to its release, and only then."""
    taken = next(n for n, _, path, more, _ in command.calls if path == LOCK and more == "lock")
    released = command.released

    def meeting(point):
        at, other = point
        same = other == command.argv
        with Case(command.start) as case:
            with case.stopped(command.argv, at) as process:
                status, err = case.run(other)
                read = as_read(case.dir)
                check_whole(read)
            words = process.words
            busy = "another daprcerts (process %d) is writing to" % process.pid
            if taken < at <= released:
                told = busy in err or same and "holds credentials already" in err
                if status != (BUSY if other[0] == ROTATE[0] else 1) or not told or process.returncode != command.status:
                    raise Wrong("should be busy: %d %s; then %d %s" % (status, err, process.returncode, words))
            elif "another daprcerts" in err or "another daprcerts" in words:
                raise Wrong("should not be busy: %s %s" % (err, words))
            elif status and process.returncode and command.status == 0:
                raise Wrong("neither wins: %s %s" % (err, words))
            now = plain(case.dir)
            check_whole(now)
            left = set(os.listdir(case.dir + "/.daprcerts")) - OWN
            if left:
                raise Wrong("left over: %s" % sorted(left))
            check_keys(case.root)
            return "refused" if taken < at <= released else "let in"

    points = [n for n, name, *_ in command.calls if name in CHANGES or n in (taken, released)]
    results = each(command, [(n, (TOKEN_INIT, command.argv)[n % 2]) for n in points], meeting)
    if set(results) != {"refused", "let in"}:
        raise Wrong("both should be met")


# --- links -----------------------------------------------------------------------------------------------------------

def links(command):
    """While the command stands still before a change, the owner of the directory puts a symbolic link in the place of
    something there, as one may whose directory root works in: nothing changes where it leads to."""
    def swap(case, call, kind):
        """KIND: a folder; or "files", all of them; or "made", what the call is about to make. Whether there is any."""
        elsewhere, (_, name, path, *_) = case.root + "/elsewhere", call
        os.mkdir(elsewhere)
        if not os.path.exists(case.dir):
            return False
        shutil.copytree(case.dir, elsewhere + "/certs")
        with open(elsewhere + "/file", "w") as file:
            file.write("theirs")
        if kind == "made":
            where = case.root + "/" + path
            if name not in ("create", "mkdir") or os.path.lexists(where):
                return False
            os.symlink(elsewhere + ("/new" if name == "create" else "/certs"), where)
            return True
        paths = [p for p in walk(case.dir) if os.path.isfile(p)] if kind == "files" else [case.root + "/" + kind]
        for at, where in enumerate(p for p in paths if os.path.exists(p)):
            os.rename(where, "%s/away%d" % (case.root, at))
            os.symlink(elsewhere + where[len(case.root):], where)
        return any(os.path.lexists(p) for p in paths)

    def meeting(point):
        at, kind = point
        with Case(command.start) as case:
            with case.stopped(command.argv, at) as process:
                there = swap(case, next(c for c in command.calls if c[0] == at), kind)
                before = tree_of(case.root + "/elsewhere")
            now = tree_of(case.root + "/elsewhere")
            if now != before:
                raise Wrong("changed elsewhere: %s" % sorted(
                    k for k in set(now) | set(before) if now.get(k) != before.get(k)))
            if process.returncode and not process.words:
                raise Wrong("status %d without a word" % process.returncode)
            return "nothing to replace" if not there else "refused" if process.returncode else "done"

    kinds = ["certs/.daprcerts" + part for part in ("", "/next", "/before", "/prev")] + ["files", "made"]
    results = each(command, [point for kind in kinds for point in ways_of(command, CHANGES, [kind])], meeting)
    if not {"refused", "done" if command.status == 0 else "refused"} <= set(results):
        raise Wrong("both should be met")


WAYS = {"kill": kill, "error": error, "full": full, "power": power, "beside": beside, "links": links}


def main():
    if len(sys.argv) == 1:
        print("\n".join("%s %s" % (w, c) for c in COMMANDS for w in COMMANDS[c][2].split()))
        return
    try:
        for name in ("other", "third"):
            if not os.path.exists(name):
                subprocess.run([BUILD + "/daprcerts-ca-init", "--dir", name], check=True, stderr=subprocess.DEVNULL)
        if not os.path.exists("third.yaml"):
            shutil.copytree("third", "later")
            subprocess.run([BUILD + "/daprcerts-rotate", "issuer", "--dir", "later"], check=True, stderr=subprocess.DEVNULL)
            with open("third.yaml", "w") as file:
                subprocess.run([BUILD + "/daprcerts-kube-export", "--dir", "later"], check=True, stdout=file)
        WAYS[sys.argv[1]](Command(" ".join(sys.argv[2:])))
    except Wrong as error_met:
        sys.exit("%s: %s" % (" ".join(sys.argv[1:]), error_met))


if __name__ == "__main__":
    main()
