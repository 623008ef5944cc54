# def-users.txt, then all sources: a row file is expanded by facts/ itself and by one handler table at most (tests and qa/ aside).
FNR == 1 { table = FILENAME ~ /def-users\.txt$/ }
table { if (row()) { key = $1; $1 = ""; users[key] = $0 } next }
{
    target = index($0, ".def") ? included($0) : ""
    if (target !~ /\.def$/ || FILENAME ~ /^(facts|qa)\// || FILENAME ~ /\/tests\//) next
    if (target in users && listed(FILENAME, users[target])) next
    if (target in user && user[target] != FILENAME) complain(target " is already expanded by " user[target])
    user[target] = FILENAME
}
