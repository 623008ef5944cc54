"""Figures of the reference and of ours, and the table that shows them side by side."""

import os
import subprocess
import sys

TIME_LIMIT = 60


class Table:
    def __init__(self, quick):
        self.quick = quick
        self.failed = 0

    def title(self, text):
        print("\n%s\n%-34s %14s %14s %10s %12s" % (text, "", "reference", "ours", "ratio", "budget"), flush=True)

    def row(self, name, theirs, ours, unit, budget=None, rate=False):
        """A figure of both; None stands for what could not be had.  Of a rate more is better."""
        ratio = "-"
        if theirs and ours:
            ratio = "%.1f" % (ours / theirs if rate else theirs / ours)
        over = " OVER" if budget is not None and ours is not None and ours > budget else ""
        print("%-34s %14s %14s %10s %12s%s" % (name, figure(theirs, unit), figure(ours, unit), ratio,
                                               figure(budget, unit) if budget is not None else "-", over), flush=True)
        self.failed += ours is None

    def samples(self, many):
        return max(3, many // 5) if self.quick else many


def figure(value, unit):
    if value is None:
        return "none"
    return "%.3f %s" % (value, unit) if value < 10 else "%.0f %s" % (value, unit)


def figures_ms(argv, **kwargs):
    """What a stop watch prints, or None if it fails or takes too long."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIME_LIMIT, check=False, **kwargs)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print("    " + done.stderr.decode(errors="replace").strip()[-300:], file=sys.stderr)
        return None
    return [float(word) / 1000 for word in done.stdout.split()]


def median_ms(argv, **kwargs):
    times = figures_ms(argv, **kwargs)
    return times[0] if times else None


def pss_mb(pid):
    """None if the process is gone."""
    try:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as stream:
            return next(int(line.split()[1]) for line in stream if line.startswith("Pss:")) / 1024
    except (OSError, StopIteration):
        return None


def refuse_sanitizers(build):
    with open(os.path.join(build, "Makefile"), encoding="utf-8") as stream:
        if "-fsanitize" in stream.read():
            sys.exit("%s is a build with sanitizers: its figures would say nothing" % build)
