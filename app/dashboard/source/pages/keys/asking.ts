/** What is typed into the forms of keys, as the API takes it, and how keys stand. */
import type { CreateApiKeyInput, Scope } from "../../generated/operations";
import { isDate, daysOn, ownZone } from "../../format/instant";

/** What scopes allow, by what they are about. What the API has beyond these is shown under its own name. */
export const SCOPE_WORDS: Readonly<Partial<Record<Scope, string>>> = {
  CALLS_READ: "See calls and their events",
  CALLS_ORIGINATE: "Place calls",
  CALLS_CONTROL: "Hold, transfer, record and end calls",
  SUPERVISE: "Listen to calls, whisper, barge in",
  RECORDINGS_READ: "See, play and download recordings",
  RECORDINGS_DELETE: "Delete recordings",
  CDRS_READ: "See call records and statistics",
  CAMPAIGNS_READ: "See campaigns",
  CAMPAIGNS_WRITE: "Change, start and stop campaigns",
  CONTACTS: "See and change contact lists",
  DNC: "See and change do-not-call lists",
  OTP: "Tell one-time passwords",
  CALLBACKS: "Schedule callbacks",
  ROUTING: "Set up trunks, numbers, routes and flows",
  AGENTS: "See and change agents and queues",
  WEBHOOKS_READ: "See webhooks and deliveries",
  WEBHOOKS_WRITE: "Change webhooks, replay deliveries",
  KEYS: "Make and end keys and tokens",
  USAGE: "See usage, set limits",
  AUDIT: "See the audit log",
  PII_READ: "See numbers and names whole",
  DTMF_READ: "See which keys were pressed",
  SCHEMA: "Read the schema",
};

/** In the order of the words above, which goes by what they are about; those that have none come last. */
export function inOrder(scopes: ReadonlyArray<Scope>): Scope[] {
  const known = Object.keys(SCOPE_WORDS);
  const place = (scope: Scope) => (known.includes(scope) ? known.indexOf(scope) : known.length);
  return [...scopes].sort((one, other) => place(one) - place(other) || one.localeCompare(other));
}

export const GRACES: ReadonlyArray<readonly [string, string]> = [
  ["0", "ends at once: it has leaked"],
  ["3600", "works for an hour"],
  ["86400", "works for a day"],
  ["604800", "works for 7 days"],
];

interface Lived {
  readonly revokedAt: string | null;
  readonly expiresAt: string | null;
}

/** A key of which a successor was made is revoked from then on, but works until that instant. */
export function standingOf(key: Lived, now: number): "REVOKED" | "EXPIRED" | "ACTIVE" {
  if (key.revokedAt !== null && Date.parse(key.revokedAt) <= now) return "REVOKED";
  if (key.expiresAt !== null && Date.parse(key.expiresAt) <= now) return "EXPIRED";
  return "ACTIVE";
}

/** One address or network a line. */
export function typedAddresses(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

export interface Draft {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly isTest: boolean;
  /** The last day it works; empty for no end. */
  readonly lastDay: string;
  readonly addresses: string;
}

export function inputOf(draft: Draft, zone: string = ownZone()): CreateApiKeyInput {
  const end = isDate(draft.lastDay)
    ? { local: { dateTime: `${daysOn(draft.lastDay, 1)}T00:00:00`, timeZone: zone } }
    : null;
  return {
    name: draft.name.trim(),
    scopes: draft.scopes as Scope[],
    isTest: draft.isTest,
    expiresAt: end,
    ipAllowList: typedAddresses(draft.addresses),
    documentHashes: [],
  };
}
