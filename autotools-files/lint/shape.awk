# Sources: a .c file starts with config.h and its own header; a header has the guard that its path gives.
function check_file(    guard, own) {
    if (file == "") return
    if (file ~ /\.h$/) {
        guard = toupper("gantry_" file)
        gsub(/[^A-Z0-9]/, "_", guard)
        if (first_ifndef != guard) print file ": the include guard should be " guard
    } else if (first != "config.h" && first != "") {
        print file ": the first include should be \"config.h\""
    }
    own = file
    sub(/\.c$/, ".h", own)
    if (file ~ /\.c$/ && (own in header) && second != own) print file ": the second include should be its own \"" own "\""
}
FNR == 1 {
    check_file()
    file = FILENAME
    first = second = first_ifndef = ""
}
/^#ifndef/ && first_ifndef == "" { first_ifndef = $2 }
{
    target = index($0, "include") ? included($0) : ""
    if (target == "") next
    if (first == "") first = target
    else if (second == "") second = target
}
BEGIN { for (i = 1; i < ARGC; i++) if (ARGV[i] ~ /\.h$/) header[ARGV[i]] = 1 }
END { check_file() }
