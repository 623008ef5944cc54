# floors.txt, then sources: every include stays on its floor or goes down.
FNR == 1 { table = FILENAME ~ /floors\.txt$/ }
table {
    if (row()) {
        floor[$2] = $1
        # Tests and fuzz targets of a whole area stand on its highest floor.
        if ($1 + 0 >= floor[area($2) "/tests"] + 0) floor[area($2) "/tests"] = floor[area($2) "/fuzz"] = $1
    }
    next
}

function home(file,    dir) {
    dir = file
    while (sub(/\/[^\/]*$/, "", dir)) if (dir in floor) return dir
    return ""
}
function area(dir) { sub(/\/.*/, "", dir); return dir }

FNR == 1 {
    here = home(FILENAME)
    if (here == "") print FILENAME ": its folder is not in autotools-files/floors.txt"
}
{
    target = index($0, "\"") ? included($0) : ""
    if (target == "" || target == "config.h" || $0 ~ /</ || here == "") next
    there = home(target)
    if (target !~ /\//) complain("includes are rooted at the top: \"" target "\"")
    else if (there == "") complain(target " is in no folder of autotools-files/floors.txt")
    else if (floor[there] + 0 > floor[here] + 0)
        complain("floor " floor[here] " includes " target " of floor " floor[there])
    else if (floor[there] + 0 == floor[here] + 0 && area(there) != area(here))
        complain(area(here) " and " area(there) " stand on the same floor " floor[here] ": " target)
}
