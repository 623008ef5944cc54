# wrappers.txt, then sources: a foreign library's headers stand in its wrapper only.
FNR == 1 { table = FILENAME ~ /wrappers\.txt$/ }
table { if (row()) { key = $1; $1 = ""; users[key] = $0 } next }
{
    target = index($0, "<") ? included($0) : ""
    if (target == "") next
    for (key in users)
        if (index(target, key) == 1 && !listed(FILENAME, users[key]))
            complain("<" target "> belongs in" users[key] " only")
}
