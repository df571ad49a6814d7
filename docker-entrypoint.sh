#!/bin/sh
# all: migrate, then every long-running process of the Procfile under honcho. The name of one process (web, worker, release, ...):
# that one alone, as the Procfile has it. Anything else is run as it is.
set -eu
command=$(sed -n "s|^$1: *||p" Procfile)
if [ "$1" = all ]; then
    sh -c "$(sed -n 's/^release: *//p' Procfile)"
    # shellcheck disable=SC2046 # one word a process
    exec honcho start --no-prefix --no-colour $(sed -n '/^release:/d; s/^\([a-z]*\):.*/\1/p' Procfile)
elif [ -n "$command" ]; then
    exec sh -c "exec $command"
fi
exec "$@"
