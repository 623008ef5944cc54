"""What "the same answer" means.

Everything is compared as parsed JSON, integers and floats apart, object members as a set, lists in order; except:
- `doc` of field descriptions: explanatory texts are each project's own;
- texts of errors: class, number of arguments and error code count; where the reference answers an error with a plain
  string, so must we;
- values that change by themselves (VARYING): type and status count;
- fractions count to the last bit but one: the reference takes times through seconds and picoseconds;
- `vcs_version` tells whose program it is.
"""

import json
import math

# (method or resource, field) whose values two servers cannot see alike.
VARYING = {("node", "mfree"), ("node", "mnode"), ("node", "dfree"), ("node", "cnos")}


class Differ:
    def __init__(self):
        self.found = []

    def note(self, where, ours, theirs):
        self.found.append("%s: %s, reference %s" % (where or "answer", brief(ours), brief(theirs)))

    def values(self, where, ours, theirs):
        if isinstance(theirs, float) and kind(ours) in ("int", "float"):
            if not math.isclose(ours, theirs, rel_tol=3e-16):
                self.note(where, ours, theirs)
        elif kind(ours) != kind(theirs):
            self.note(where, ours, theirs)
        elif isinstance(ours, dict):
            for key in sorted(set(ours) | set(theirs)):
                if key not in ours or key not in theirs:
                    self.note("%s.%s" % (where, key), ours.get(key, "(absent)"), theirs.get(key, "(absent)"))
                else:
                    self.values("%s.%s" % (where, key), ours[key], theirs[key])
        elif isinstance(ours, list):
            if len(ours) != len(theirs):
                self.note(where + " (length %d, reference %d)" % (len(ours), len(theirs)), ours, theirs)
            else:
                for index, pair in enumerate(zip(ours, theirs)):
                    self.values("%s[%d]" % (where, index), *pair)
        elif ours != theirs:
            self.note(where, ours, theirs)

    def types(self, where, ours, theirs):
        if kind(ours) != kind(theirs):
            self.note(where + " (type)", ours, theirs)


def kind(value):
    return type(value).__name__


def brief(value):
    text = json.dumps(value)
    return text if len(text) < 200 else text[:200] + "..."


def drop_docs(result):
    for row in result.get("fields", []):
        row.pop("doc", None)


def compare_errors(differ, ours, theirs):
    if kind(ours) != kind(theirs):
        return differ.note("error", ours, theirs)
    if not isinstance(theirs, list):
        return None
    if ours[:1] != theirs[:1] or len(ours) != len(theirs):
        return differ.note("error class", ours, theirs)
    if len(theirs) > 1 and isinstance(theirs[1], list):
        if len(ours[1]) != len(theirs[1]):
            differ.note("error arguments", ours, theirs)
        elif ours[1][1:] != theirs[1][1:]:
            differ.note("error code", ours, theirs)
    return None


def mask_varying(differ, what, ours, theirs):
    """Compares the varying columns by status and type, then takes their values out."""
    for column, field in enumerate(row.get("name") for row in theirs.get("fields", [])):
        if (what, field) not in VARYING:
            continue
        for index, (own_row, their_row) in enumerate(zip(ours.get("data", []), theirs["data"])):
            if column < len(own_row):
                differ.types("data[%d].%s" % (index, field), own_row[column][1], their_row[column][1])
                own_row[column][1] = their_row[column][1] = None


def mask_old_style(differ, what, fields, ours, theirs):
    for column, field in enumerate(fields):
        if (what, field) not in VARYING:
            continue
        for index, (own_row, their_row) in enumerate(zip(ours, theirs)):
            differ.types("[%d].%s" % (index, field), own_row[column], their_row[column])
            own_row[column] = their_row[column] = None


def compare_results(differ, request, ours, theirs):
    method, args = request.get("method"), request.get("args")
    if method in ("Query", "QueryFields") and isinstance(ours, dict) and isinstance(theirs, dict):
        drop_docs(ours)
        drop_docs(theirs)
        if method == "Query":
            mask_varying(differ, args[0], ours, theirs)
    if method == "QueryNodes" and isinstance(ours, list) and len(ours) == len(theirs):
        mask_old_style(differ, "node", args[1], ours, theirs)
    if method == "QueryClusterInfo" and isinstance(ours, dict):
        ours["vcs_version"] = kind(ours.get("vcs_version"))
        theirs["vcs_version"] = kind(theirs["vcs_version"])
    differ.values("result", ours, theirs)


def compare_messages(differ, request, ours, theirs):
    if ours is None or theirs is None or "timeout" in (ours, theirs):
        if ours != theirs:
            differ.note("connection" if None in (ours, theirs) else "time", ours, theirs)
        return
    try:
        ours, theirs = json.loads(ours, strict=False), json.loads(theirs, strict=False)  # it repeats odd bytes
    except ValueError:
        if ours != theirs:
            differ.note("no JSON", ours, theirs)
        return
    if set(ours) != set(theirs) or ours.get("success") != theirs.get("success"):
        differ.note("reply", ours, theirs)
    elif theirs["success"]:
        compare_results(differ, request, ours["result"], theirs["result"])
    else:
        compare_errors(differ, ours["result"], theirs["result"])


def differences(own_case, their_case):
    """Lines that tell where our case's answers differ from the reference's; empty when they are the same."""
    differ = Differ()
    try:
        request = json.loads("".join(their_case["chunks"]).split("\3")[0])
    except (ValueError, RecursionError):
        request = {}
    if not isinstance(request, dict):
        request = {}
    ours, theirs = own_case["answers"], their_case["answers"]
    if len(ours) != len(theirs):
        differ.note("number of answers", ours, theirs)
    if own_case["hung_up"] != their_case["hung_up"]:
        differ.note("hangs up after the call before", own_case["hung_up"], their_case["hung_up"])
    for pair in zip(ours, theirs):
        compare_messages(differ, request, *pair)
    return differ.found
