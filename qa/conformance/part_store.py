"""The reference's wconfd on configurations that we wrote, and we on those that it wrote; and what its check says of the
broken ones in compat-config/tests/data/verify-cases.txt."""

import glob
import json
import os
import subprocess
import tempfile

import cluster
import part_config
import wconfd as reference

NEEDS = ()
TESTS = os.path.join(os.path.dirname(cluster.QA), "compat-config", "tests", "data")
# Samples of the releases that the package lacks, in an unpacked source of the reference; optional.
SOURCE = os.environ.get("GANETI_SOURCE", "")
VERIFY = os.path.join(cluster.HERE, "verify-reference")
FIRST_OF_OURS = 3000000


def load_and_save(program, text, where):
    source, target = os.path.join(where, "in"), os.path.join(where, "out")
    with open(source, "w", encoding="utf-8") as out:
        out.write(text)
    subprocess.run([program, source, target], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
                   env={**os.environ, "GANTRY_LEVEL": "3.0"})
    with open(target, encoding="utf-8") as stream:
        return stream.read()


def configurations():
    with open(cluster.path("var/lib/ganeti/config.data"), encoding="utf-8") as stream:
        yield "the conformance cluster", stream.read()
    with open(os.path.join(part_config.REAL, "config.data"), encoding="utf-8") as stream:
        yield "qa/data/cluster-3.0.2", stream.read()
    for name in ("cluster-3.0.json", "cluster-drbd.json"):
        with open(os.path.join(TESTS, name), encoding="utf-8") as stream:
            yield name, stream.read()
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([os.path.join(cluster.QA, "bench", "make-config"), "12", "60", made], check=True)
        with open(os.path.join(made, "config.data"), encoding="utf-8") as stream:
            yield "synthetic, all disk templates", stream.read()


def rounded(text):
    """Members in their order; to the microsecond: wconfd takes times apart into seconds and picoseconds, and what it
    puts together again may differ in the last digit."""
    return json.loads(text, object_pairs_hook=lambda pairs: pairs, parse_float=lambda number: round(float(number), 6))


def round_trip(program, wconfd, text, where):
    """None, or what one of the two changed in what the other had written."""
    ours = load_and_save(program, reference.nowhere(text), where)
    theirs = wconfd.written_again(ours)
    found = part_config.first_difference("", rounded(theirs), rounded(ours))
    if found:
        return "wconfd writes ours as another text%s" % found
    again = load_and_save(program, theirs, where)
    if again != theirs:
        return "we write theirs as another text%s" % part_config.first_difference(
            "", part_config.ordered(again), part_config.ordered(theirs))
    return None


def with_uuids(text):
    """The configuration after its children of disks got what 2.x did not give them."""
    config = json.loads(text)
    for disk in config["disks"].values():
        for number, child in enumerate(disk.get("children", [])):
            child.setdefault("uuid", disk["uuid"][:-4] + "%04d" % number)
    return json.dumps(config)


def samples():
    """The reference's own, as they are and repaired.  wconfd starts with none of them as it is."""
    names = glob.glob(part_config.SAMPLES) + glob.glob(os.path.join(SOURCE, "test/data/cluster_config_3*.json"))
    for name in sorted(names, key=os.path.basename):
        with open(name, encoding="utf-8") as stream:
            text = stream.read()
        yield os.path.basename(name), text
        if json.loads(text)["version"] >= FIRST_OF_OURS:
            yield os.path.basename(name) + " with UUIDs", with_uuids(text)


def same_verdict(program, wconfd, text, where):
    """None if wconfd takes the configuration and we do, or neither; and what both take, both write alike."""
    refused = wconfd.refuses(reference.nowhere(text))
    wconfd.master.stop()
    try:
        load_and_save(program, text, where)
    except subprocess.CalledProcessError:
        return None if refused else "refused, the reference loads it"
    return "loaded, the reference refuses it" if refused else round_trip(program, wconfd, text, where)


def verify_cases():
    with open(os.path.join(TESTS, "cluster-drbd.json"), encoding="utf-8") as stream:
        text = stream.read()
    with open(os.path.join(TESTS, "verify-cases.txt"), encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                verdict, part, other = line.rstrip("\n").split("\t")
                yield verdict, other, text.replace(part, other, 1)


class Checker:
    """The reference's check in Python, which takes longer to start than to run."""

    def __init__(self, wconfd):
        self._process = subprocess.Popen([VERIFY], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         env=wconfd.master.environment(), encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()

    def ask(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def verdict_of(wconfd, checker, text):
    if wconfd.refuses(text):
        return "refused"
    try:
        return "found" if checker.ask() else "passed"
    finally:
        wconfd.master.stop()


def checked(title, rows):
    passed = failed = 0
    for name, wrong in rows:
        if wrong:
            failed += 1
            print("FAILED wconfd: %s: %s" % (name, wrong))
        else:
            passed += 1
    print("%-60s %d passed, %d failed" % (title, passed, failed), flush=True)
    return passed, failed


def run(build, _out):
    program = os.path.join(build, "qa", "conformance", "config-roundtrip")
    with tempfile.TemporaryDirectory() as where:
        wconfd = reference.Wconfd(where, part_config.REAL)
        yield checked("wconfd: reads and writes what we write, and back",
                      [(name, round_trip(program, wconfd, text, where)) for name, text in configurations()])
        yield checked("wconfd: samples of older releases, loaded or refused",
                      [(name, same_verdict(program, wconfd, text, where)) for name, text in samples()])
        with Checker(wconfd) as checker:
            rows = []
            for recorded, name, text in verify_cases():
                verdict = verdict_of(wconfd, checker, reference.nowhere(text))
                rows.append((name, None if verdict == recorded else "%s, recorded as %s" % (verdict, recorded)))
        yield checked("wconfd: what the reference's check says", rows)
