// Receive Offhook's webhooks: verify, drop what came before, keep the calls, answer.
//
//   npm install
//   OFFHOOK_WEBHOOK_SECRET=whsec_… node consumer.mjs

import { createServer } from "node:http";
import { appendFileSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { OFFHOOK_WEBHOOK_SECRET, PORT = "3000", JOURNAL = "events.ndjson" } = process.env;
let webhook;
try {
  webhook = new Webhook(OFFHOOK_WEBHOOK_SECRET);
} catch {
  console.error(
    "Set OFFHOOK_WEBHOOK_SECRET to what `offhook listen --print-secret` prints, or to an endpoint's secret.",
  );
  process.exit(1);
}

/** Ids of what has been taken: retries and replays come under the same one. */
const seen = new Set();
/** Calls by id, as far as their events have told. */
const calls = new Map();

function apply(event) {
  seen.add(event.id);
  const call = event.data.call;
  if (event.test || !call) return; // a sample of `offhook trigger`, or nothing of a call's
  const known = calls.get(call.id);
  // callSequence counts within the call: an older event never overwrites a newer one.
  if (known && known.callSequence >= event.callSequence) return;
  calls.set(call.id, {
    id: call.id,
    number: call.dialledNumber,
    lastEvent: event.type,
    callSequence: event.callSequence,
    ...(event.type === "call.ended" && {
      disposition: event.data.disposition,
      talkSeconds: event.data.talkSeconds,
    }),
  });
}

// What was taken before this start. A last line that was cut short was never answered, and will be sent again.
if (existsSync(JOURNAL)) {
  const text = readFileSync(JOURNAL, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  truncateSync(JOURNAL, Buffer.byteLength(whole));
  for (const line of whole.split("\n").slice(0, -1)) apply(JSON.parse(line));
}
const journal = openSync(JOURNAL, "a");

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8"); // unparsed: what was signed
}

const server = createServer(async (request, response) => {
  if (request.method === "GET" && request.url === "/calls") {
    response.setHeader("content-type", "application/json").end(JSON.stringify([...calls.values()]));
    return;
  }
  if (request.method !== "POST" || request.url !== "/webhooks") {
    response.writeHead(404).end();
    return;
  }
  let event;
  try {
    event = webhook.verify(await readBody(request), request.headers);
  } catch {
    response.writeHead(401).end("not signed by Offhook");
    return;
  }
  const isNew = !seen.has(event.id);
  if (isNew) {
    appendFileSync(journal, JSON.stringify(event) + "\n");
    fsyncSync(journal);
    apply(event);
  }
  console.log(isNew ? "new " : "seen", event.type, event.id, event.test ? "(test)" : "");
  response.writeHead(204).end(); // only now: what was answered is not sent again
});

server.on("error", (error) => {
  console.error(`Cannot listen at port ${PORT}: ${error.code}. Choose another: PORT=3001 node consumer.mjs`);
  process.exit(1);
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening at ${server.address().port}`));
