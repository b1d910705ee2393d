// The public verifier of Standard Webhooks: what it makes of each delivery it is given, one result a line.
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const [secret, file] = process.argv.slice(2);
for (const { body, headers } of JSON.parse(readFileSync(file, 'utf8'))) {
  try {
    console.log(JSON.stringify({ verified: new Webhook(secret).verify(body, headers) }));
  } catch (error) {
    console.log(JSON.stringify({ refused: error.message }));
  }
}
