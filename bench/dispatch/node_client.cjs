// node-ari-client: a listener for each type, which gets the event and the objects in it.
// Arguments: URL, user, password, application, events to come, their types as JSON. Prints one line of JSON.
// NODE_PATH names the folder with the package.
"use strict";

const ari = require("ari-client");

const [url, user, password, app, expected, types] = process.argv.slice(2);
const counts = {};
let total = 0;

ari.connect(url, user, password).then((client) => {
  for (const type of JSON.parse(types)) {
    client.on(type, (event) => {
      counts[event.type] = (counts[event.type] || 0) + 1;
      total += 1;
      if (total === Number(expected)) {
        const answer = JSON.stringify({ finishedAt: Date.now() / 1000, counts });
        process.stdout.write(answer + "\n", () => process.exit(0));
      }
    });
  }
  return client.start(app);
}).catch((error) => {
  process.stderr.write(`${error && error.stack ? error.stack : error}\n`);
  process.exit(1);
});
