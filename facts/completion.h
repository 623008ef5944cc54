/* Shell completion of the gnt-* programs, printed from their rows. */
#ifndef GANTRY_FACTS_COMPLETION_H
#define GANTRY_FACTS_COMPLETION_H

/* The tables that facts/completion.bash works on; allocated. */
char *completion_tables(void);

#endif
