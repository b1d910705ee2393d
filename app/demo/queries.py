"""The GraphQL documents of the demo: what a CRM would send, to the letter."""

from typing import Final

CREATE_ENDPOINT: Final = """
mutation ($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) {
    webhookEndpoint { id url }
    secret
    userErrors { code message field }
  }
}
"""

DELETE_ENDPOINT: Final = """
mutation ($input: DeleteWebhookEndpointInput!) {
  deleteWebhookEndpoint(input: $input) { deletedId userErrors { code message field } }
}
"""

EVENTS: Final = """
subscription {
  events {
    ... on EventDelivered {
      event {
        id type timestamp sequence subjectId callSequence
        ... on LegDialingEvent { leg { role party { number extension } } }
        ... on LegRingingEvent { leg { role party { number extension } } }
        ... on LegAnsweredEvent { leg { role party { number extension } } }
        ... on LegEndedEvent { leg { role party { number extension } } hangupCause }
        ... on RecordingStartedEvent { mode }
        ... on RecordingSavedEvent { mode durationSeconds sha256 }
        ... on CallEndedEvent { disposition talkSeconds }
      }
    }
    ... on CaughtUp { cursor }
  }
}
"""

ORIGINATE: Final = """
mutation ($input: OriginateCallInput!) {
  originateCall(input: $input) {
    call { id state uniqueId }
    waitOutcome
    replayed
    lookup { e164 country }
    userErrors { code message field }
  }
}
"""

HANG_UP: Final = """
mutation ($input: HangupCallInput!) {
  hangupCall(input: $input) { call { id state } userErrors { code message field } }
}
"""

RESULT: Final = """
query ($id: ID!) {
  call(id: $id) {
    id state disposition
    cdr {
      id disposition direction extension dialledNumber { number } callerId { number } source
      createdAt connectedAt endedAt ringSeconds talkSeconds durationSeconds
      endReason { code party }
    }
    recordings { id mode state durationSeconds lostSeconds channels sha256 url { url expiresAt } }
  }
}
"""

FIRST_QUERY: Final = "{ cdrs(first: 5) { nodes { id disposition dialledNumber { number } talkSeconds createdAt } } }"
