#!/usr/bin/env bash
# The access rules that linkworker needs in Kafka, and no more, as calls of Kafka's own kafka-acls.sh.
#
#   deploy/kafka-acls.sh --principal User:linkworker
#       prints them
#   deploy/kafka-acls.sh --principal User:linkworker -- --bootstrap-server broker-1:9093 --command-config admin.properties
#       makes them: what stands after -- goes to each call
#
# --group, --requests, --outcomes, --state and --dead-letters say the names where they are not the defaults (kafka.group.id, topics.…).
# KAFKA_ACLS names kafka-acls.sh where it is not in PATH. Describe is in no rule: in Kafka it comes with Read and with Write.
# Exit codes: 0 done, 64 the command line is wrong, else that of kafka-acls.sh.
set -euo pipefail

principal='' group=linkworker
requests=link-account.requests outcomes=link-account.outcomes
state=link-account.state dead_letters=link-account.dead-letters
connection=() runs=false

usage() {
  sed -n '2,11s/^# \{0,1\}//p' "$0"
}

wrong() {
  echo "kafka-acls.sh: $1" >&2
  exit 64
}

while [ $# -gt 0 ]; do
  case $1 in
  --help | -h) usage && exit 0 ;;
  --)
    shift
    [ $# -gt 0 ] || wrong "nothing stands after --. Try: -- --bootstrap-server HOST:PORT"
    connection=("$@") runs=true
    break
    ;;
  --principal | --group | --requests | --outcomes | --state | --dead-letters)
    [ $# -gt 1 ] && [ -n "$2" ] || wrong "$1 needs a value. Try: $1 NAME"
    name=${1#--} && printf -v "${name//-/_}" '%s' "$2"
    shift 2
    ;;
  *) wrong "no such option: $1. Try: --help" ;;
  esac
done
[ -n "$principal" ] || wrong "--principal is missing. Try: --principal User:linkworker"
[[ $principal == *:* ]] || wrong "--principal $principal has no type. Try: --principal User:$principal"

allow() {
  local call=("${KAFKA_ACLS:-kafka-acls.sh}" ${connection[@]+"${connection[@]}"} --add --allow-principal "$principal" "$@")
  if $runs; then
    "${call[@]}"
  else
    printf '%q ' "${call[@]}"
    echo
  fi
}

# Takes requests and moves misplaced ones home; restores and keeps what is known of each link. DescribeConfigs: to check the settings.
allow --operation Read --operation Write --operation DescribeConfigs --topic "$requests" --topic "$state"
# Publishes outcomes, and puts aside what cannot be read.
allow --operation Write --operation DescribeConfigs --topic "$outcomes" --topic "$dead_letters"
# Shares the requests with the others of the fleet.
allow --operation Read --group "$group"
# Publishes in transactions, whose ids are the group, a dot and the instance.
allow --operation Write --transactional-id "$group." --resource-pattern-type prefixed
