#!/usr/bin/env bash
# Call everybody in a CSV file and read a text to them: upload, import, create, start, watch, report.
#
#   OFFHOOK_KEY=ofk_… ./campaign.sh contacts.csv "Hello {name}, your order is ready."
set -euo pipefail

command -v jq >/dev/null || {
  echo "campaign.sh needs jq: sudo apt-get install jq" >&2
  exit 1
}

file=$1 text=$2
url=${OFFHOOK_URL:-http://127.0.0.1:8000}
name=${NAME:-$(basename "$file" .csv) $(date -u +%Y-%m-%dT%H:%M:%SZ)}
from=${FROM:-09:00} to=${TO:-17:00} # by the clock of whoever is called

# ask QUERY VARIABLES: the data of a query or mutation; ends the script with what Offhook says of a failure.
ask() {
  local answer
  answer=$(jq -n --arg query "$1" --argjson variables "$2" '$ARGS.named' |
    curl -sS "$url/graphql" -H "Authorization: Bearer $OFFHOOK_KEY" -H "Content-Type: application/json" -d @-)
  jq -e '.errors == null and ([.data[]? | .userErrors? // [] | .[]] == [])' <<<"$answer" >/dev/null || {
    jq -r '(.errors // [.data[] | .userErrors? // [] | .[]])[] | .message' <<<"$answer" >&2
    exit 1
  }
  jq -c .data <<<"$answer"
}

# wait_for_job ID: returns its counts and its report's address once it is over.
wait_for_job() {
  local job
  while job=$(ask 'query($id: ID!) { job(id: $id) { state failure counts { added rejected } report { url } } }' \
    "$(jq -n --arg id "$1" '$ARGS.named')" | jq -c .job); do
    case $(jq -r .state <<<"$job") in
      FINISHED) echo "$job"; return ;;
      FAILED | CANCELLED) jq -r '.failure // .state' <<<"$job" >&2; return 1 ;;
    esac
    sleep 1
  done
}

list=$(ask 'mutation($name: String!) {
    createContactList(input: {name: $name}) { contactList { id } userErrors { message } }
  }' "$(jq -n --arg name "$name" '$ARGS.named')" | jq -r .createContactList.contactList.id)

upload=$(ask 'mutation($size: Int!) {
    createUpload(input: {contentType: "text/csv", sizeBytes: $size}) { upload { id url } userErrors { message } }
  }' "$(jq -n --argjson size "$(wc -c <"$file")" '$ARGS.named')" | jq -c .createUpload.upload)
curl -sS --fail-with-body -o /dev/null -T "$file" -H "Content-Type: text/csv" "$(jq -r .url <<<"$upload")"

job=$(ask 'mutation($list: ID!, $upload: ID!) {
    importContacts(input: {listId: $list, source: {uploadId: $upload}}) { job { id } userErrors { message } }
  }' "$(jq -n --arg list "$list" --arg upload "$(jq -r .id <<<"$upload")" '$ARGS.named')" | jq -r .importContacts.job.id)
wait_for_job "$job" | jq -r '"imported: \(.counts.added) contacts, \(.counts.rejected) rows rejected"'

campaign=$(ask 'mutation($input: CreateCampaignInput!) {
    createCampaign(input: $input) { campaign { id } userErrors { message } }
  }' "$(jq -n --arg name "$name" --arg list "$list" --arg text "$text" --arg from "$from" --arg to "$to" '{input: {
      name: $name, contactListIds: [$list], content: {announcement: {text: $text}},
      windows: [{from: $from, to: $to}], callsPerMinute: 60
    }}')" | jq -r .createCampaign.campaign.id)

# The key is the campaign's own id: however often this is sent, it starts once.
ask 'mutation($id: ID!, $key: String!) {
    startCampaign(input: {id: $id, idempotencyKey: $key}) { campaign { state } userErrors { message } }
  }' "$(jq -n --arg id "$campaign" --arg key "start $campaign" '$ARGS.named')" >/dev/null
echo "started: $campaign"

last=
while :; do
  now=$(ask 'query($id: ID!) { campaign(id: $id) { state settledAt progress { waiting inFlight finished skipped } } }' \
    "$(jq -n --arg id "$campaign" '$ARGS.named')" | jq -c .campaign)
  line=$(jq -r '.state + (.progress | ": \(.waiting) waiting, \(.inFlight) in flight, \(.finished) finished, \(.skipped) skipped")' <<<"$now")
  [[ $line == "$last" ]] || echo "$line"
  last=$line
  jq -e '.settledAt != null' <<<"$now" >/dev/null && break
  sleep 1
done

job=$(ask 'mutation($id: ID!) {
    createExport(input: {subject: {cdrs: {filter: {campaignId: $id}}}, format: CSV}) { job { id } userErrors { message } }
  }' "$(jq -n --arg id "$campaign" '$ARGS.named')" | jq -r .createExport.job.id)
report=${REPORT:-$(basename "$file" .csv)-report.csv}
curl -sS --fail-with-body -o "$report" "$(wait_for_job "$job" | jq -r .report.url)"
echo "report: $report"
