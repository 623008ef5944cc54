# facts/*.def, then sources outside facts/: a wire word is typed once, in its row. Judged are literals that are nothing
# but an opcode, a call, a CamelCase word (method, error class) that some row holds, and paths of the cluster.
FNR == 1 { rows = FILENAME ~ /\.def$/ }
rows {
    code($0)
    for (i = 1; i <= literals; i++) if (distinctive(literal[i])) where[literal[i]] = FILENAME ":" FNR
    next
}
function distinctive(word) {
    return word ~ /^(OP|RPC|call)_[A-Za-z0-9_]+$/ || word ~ /^[A-Z][a-z0-9]+([A-Z][a-z0-9]*)+$/
}
{
    code($0)
    if (included($0) != "") next
    if ($0 ~ /GANTRY_CFG_/) complain("what configure was told is read through facts/ only")
    for (i = 1; i <= literals; i++) {
        if (literal[i] in where) complain("\"" literal[i] "\" stands in " where[literal[i]] ": use its name")
        if (literal[i] ~ /^\/(etc|var|usr|srv|run)\/.*ganeti/) complain("\"" literal[i] "\" belongs in facts/paths.def")
    }
}
