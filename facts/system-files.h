/* What the system is given about our daemons: systemd units, cron jobs and rotation of logs, from
 * the rows of daemons and paths. Names of units are the reference's, so that they replace its own.
 */
#ifndef GANTRY_FACTS_SYSTEM_FILES_H
#define GANTRY_FACTS_SYSTEM_FILES_H

/* The file of this name: "ganeti-noded.service" and so on, "ganeti.cron", "ganeti.logrotate";
 * allocated, NULL if there is none. */
char *system_file(const char *name);

#endif
