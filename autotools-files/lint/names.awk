# names.txt, then sources: banned calls and constructs.
FNR == 1 { table = FILENAME ~ /names\.txt$/ }
table { if (row()) { key = $1; instead[key] = $2; $1 = $2 = ""; users[key] = $0 } next }
{
    if ($0 ~ /TODO|FIXME/) complain("finish it, or explain it in doc/differences.md")
    text = code($0)
    if (text ~ /^[ \t]*#[ \t]*if[ \t]+0/) complain("code that is switched off: remove it")
    if (text ~ /typedef[ \t]+(struct|union|enum)[^(]*$/ && !listed(FILENAME, users["typedef"])) complain("no typedef of a struct, union or enum")
    rest = text
    while (match(rest, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
        name = substr(rest, RSTART, RLENGTH - 1)
        before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
        rest = substr(rest, RSTART + RLENGTH)
        sub(/[ \t]+$/, "", name)
        if (name in instead && before != "." && before != ">" && !listed(FILENAME, users[name]))
            complain(name "() is banned here; use " instead[name])
    }
}
