import type { TadaDocumentNode } from "gql.tada";
import { print } from "graphql";
import { createClient } from "graphql-ws";

// Whoever embeds this page makes an access token for the one who is signed in; see README.md.
const { url = "", token = "" } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

const client = createClient({
  url: `${url.replace(/^http/, "ws")}/graphql`,
  connectionParams: { authorization: `Bearer ${token}` },
  retryAttempts: Infinity,
  // 4401: the token is not taken. Everything else may be better in a moment.
  shouldRetry: (event) => !(event instanceof CloseEvent && event.code === 4401),
});

/** What a document answers: once for a query or mutation, on and on for a subscription. */
export async function* follow<Result, Variables>(
  document: TadaDocumentNode<Result, Variables>,
  variables: Variables,
): AsyncGenerator<Result> {
  const request = { query: print(document), variables: variables as Record<string, unknown> };
  for await (const { data, errors } of client.iterate<Result>(request)) {
    if (errors?.length) throw new Error(errors.map((error) => error.message).join("; "));
    if (data) yield data as Result;
  }
}

/** The one answer of a query or mutation. */
export async function ask<Result, Variables>(
  document: TadaDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  for await (const result of follow(document, variables)) return result;
  throw new Error("There was no answer.");
}
