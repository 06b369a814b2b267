#!/usr/bin/env bash
# Lets Slack's own clients talk to the fake: needs node, and fetches the clients
# from npm once, into the folder that is named (.cache/slack-clients by default).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
clients=${1:-$root/.cache/slack-clients}
mkdir -p "$clients"
if [[ ! -d $clients/node_modules/@slack/socket-mode ]]; then
  (cd "$clients" && npm install --no-save --no-audit --no-fund @slack/socket-mode@3.1.0 @slack/web-api@8.2.0)
fi
cd "$root"
SLACK_CLIENTS=$clients go test -tags vendor -count=1 -run TestVendorsClients -v ./channels/slack/slackfake/
