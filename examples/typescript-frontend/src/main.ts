import type { ResultOf } from "gql.tada";
import { ask, follow } from "./api.ts";
import { graphql } from "./graphql.ts";

const ORIGINATE = graphql(`
  mutation Originate($input: OriginateCallInput!) {
    originateCall(input: $input) { call { id } userErrors { message } }
  }
`);
const HANG_UP = graphql(`
  mutation HangUp($id: ID!) { hangupCall(input: { callId: $id }) { userErrors { message } } }
`);
const FOLLOW = graphql(`
  subscription Follow($id: ID!) {
    callUpdated(id: $id) {
      __typename
      ... on CallChanged { call { state disposition talkSeconds } }
    }
  }
`);
type Message = ResultOf<typeof FOLLOW>["callUpdated"];
type Call = Extract<Message, { __typename: "CallChanged" }>["call"];

const form = document.querySelector<HTMLFormElement>("#dial")!;
const state = document.querySelector<HTMLElement>("#state")!;
const hangUp = document.querySelector<HTMLButtonElement>("#hang-up")!;

function inWords(call: Call): string {
  switch (call.state) {
    case "CONNECTED":
      return "Talking";
    case "ENDED":
      return `Ended: ${call.disposition}, ${Math.round(call.talkSeconds ?? 0)} s of talk`;
    default: // also states that there will be one day: lists of values grow
      return (call.state as string).toLowerCase().replaceAll("_", " ");
  }
}

async function dial(number: string, extension: string): Promise<void> {
  const { originateCall } = await ask(ORIGINATE, {
    input: {
      destination: { number },
      connect: { extension },
      idempotencyKey: crypto.randomUUID(), // one for each click: sent again, it places no second call
    },
  });
  if (!originateCall.call) throw new Error(originateCall.userErrors.map((error) => error.message).join("; "));
  const { id } = originateCall.call;
  hangUp.hidden = false;
  hangUp.onclick = () => ask(HANG_UP, { id });
  // It begins with the call as it is, and completes when the call is over. When the line breaks, graphql-ws makes it
  // anew, and the call comes as it is by then.
  for await (const { callUpdated } of follow(FOLLOW, { id })) {
    if (callUpdated.__typename === "CallChanged") state.textContent = inWords(callUpdated.call);
  }
  hangUp.hidden = true;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(form);
  dial(String(given.get("number")), String(given.get("extension"))).catch((error: Error) => {
    state.textContent = error.message;
  });
});
