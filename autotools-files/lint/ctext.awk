# C text for the other rules. code() gives a line without comments and with empty string literals; the literals stand in
# literal[1..literals]. Call it once for every line, in order; it remembers open comments per file.
function code(line,    out, at, rest, two) {
    if (FNR == 1) in_comment = 0
    out = ""
    literals = 0
    while (line != "") {
        if (in_comment) {
            at = index(line, "*/")
            if (!at) return out
            line = substr(line, at + 2)
            in_comment = 0
            continue
        }
        if (!match(line, /["'\/]/)) return out line
        out = out substr(line, 1, RSTART - 1)
        line = substr(line, RSTART)
        two = substr(line, 1, 2)
        if (two == "//") return out
        if (two == "/*") {
            in_comment = 1
            line = substr(line, 3)
        } else if (match(line, /^"(\\.|[^"\\])*"/)) {
            literal[++literals] = substr(line, 2, RLENGTH - 2)
            out = out "\"\""
            line = substr(line, RLENGTH + 1)
        } else if (match(line, /^'(\\.|[^'\\])*'/)) {
            out = out "' '"
            line = substr(line, RLENGTH + 1)
        } else {
            out = out substr(line, 1, 1)
            line = substr(line, 2)
        }
    }
    return out
}

# The file that a line `#include "x"` or `#include <x>` names; "" if it is no such line.
function included(line) {
    if (line !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/) return ""
    sub(/^[^<"]*[<"]/, "", line)
    sub(/[>"].*/, "", line)
    return line
}

function complain(text) { print FILENAME ":" FNR ": " text }

# Rows of a table without comments: 1 if the line is one.
function row() { sub(/#.*/, ""); return NF > 0 }

# True if the space-separated words hold file, or a pattern with "*" that it fits.
function listed(file, words,    n, i, word) {
    n = split(words, word, " ")
    for (i = 1; i <= n; i++) {
        if (word[i] == file) return 1
        gsub(/[.+]/, "\\\\&", word[i])
        if (gsub(/\*/, ".*", word[i]) && file ~ ("^" word[i] "$")) return 1
    }
    return 0
}
