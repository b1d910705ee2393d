// The reference client graphql-ws: a query, a subscription, an operation that fails, and a key that is wrong.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [url, token] = process.argv.slice(2);
const say = (value) => console.log(JSON.stringify(value));
const clientWith = (authorization) =>
  createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { authorization } });

const client = clientWith(`Bearer ${token}`);
for await (const result of client.iterate({ query: '{ viewer { scopes isTest } }' })) say({ query: result.data });
for await (const result of client.iterate({
  query: 'query ($first: Int) { calls(first: $first) { nodes { id } } }',
  variables: { first: 1 },
})) say({ variables: result.data });
for await (const result of client.iterate({ query: 'subscription { events { __typename } }' })) {
  say({ subscription: result.data });
  break; // completes it
}
try {
  for await (const result of client.iterate({ query: '{ nothing }' })) say({ unexpected: result });
} catch (errors) {
  say({ refused: errors.map((error) => error.extensions.code) });
}
await client.dispose();

try {
  for await (const result of clientWith('Bearer wrong').iterate({ query: '{ __typename }' })) say({ unexpected: result });
} catch (event) {
  say({ closed: event.code });
}
