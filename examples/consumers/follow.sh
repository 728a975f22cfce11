#!/bin/sh
# Run a command for every event that matches, while this runs: AMQP_URL=amqp://… follow.sh QUEUE PATTERN COMMAND [ARGUMENT...]
#
# Needs amqp-tools (Debian: amqp-tools). The command finds the event on its standard input; when it fails, the event comes again.
# The queue goes with this program: see follow.py for one that keeps what happens meanwhile. These tools take the address, with its password,
# only as an argument, which others on the machine can see: use a login that may do nothing but this.
set -eu
queue=$1 pattern=$2
shift 2
exec amqp-consume --url="$AMQP_URL" --queue="$queue" --exchange=exchange/doorbell/v1/events --routing-key="$pattern" --prefetch-count=1 "$@"
