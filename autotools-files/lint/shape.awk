# Sources: a .c file includes its own header first, config.h alone may stand before it; a header has the guard that its
# path gives.
function check_file(    guard, own) {
    if (file == "") return
    if (file ~ /\.h$/) {
        guard = toupper("gantry_" file)
        gsub(/[^A-Z0-9]/, "_", guard)
        if (first_ifndef != guard) print file ": the include guard should be " guard
    }
    own = file
    sub(/\.c$/, ".h", own)
    if (file ~ /\.c$/ && (own in header) && first != own) print file ": the first include should be its own \"" own "\""
    if (late) print file ":" late ": config.h comes before all other includes"
}
FNR == 1 {
    check_file()
    file = FILENAME
    first = first_ifndef = ""
    late = 0
}
/^#ifndef/ && first_ifndef == "" { first_ifndef = $2 }
{
    target = index($0, "include") ? included($0) : ""
    if (target == "") next
    if (target == "config.h") {
        if (first != "") late = FNR
    } else if (first == "") first = target
}
BEGIN { for (i = 1; i < ARGC; i++) if (ARGV[i] ~ /\.h$/) header[ARGV[i]] = 1 }
END { check_file() }
