/** Who is signed in, and with what.
 *
 * An API key that may make access tokens (scope KEYS) is exchanged for one: the token is what stays in this tab's
 * session storage and goes with every request, while the key itself is only in memory, for renewing the token and for the
 * page of keys, which no token may see. A key of that scope alone has nothing to give to a token: it is used as it is, and
 * is in memory only too. A key without that scope, and a token, are used as they are. */
import { batch, computed, signal } from "@preact/signals";

import {
  CreateAccessTokenDocument,
  RevokeOwnTokenDocument,
  ViewerDocument,
  type Scope,
  type ViewerQuery,
} from "./generated/operations";
import { ApiError, ask } from "./api";

/** A token lasts for a shift; it is renewed long before while the key is at hand. */
const TOKEN_SECONDS = 8 * 3600;
const STORED = "offhook.session";

export type Viewer = ViewerQuery["viewer"];

interface Credential {
  readonly token: string;
  /** Of an access token. */
  readonly expiresAt: string | null;
  /** It stands for a key that may see keys. */
  readonly isExchanged: boolean;
  /** Kept in the tab; else a reload ends the session. */
  readonly isStored: boolean;
}

const credential = signal<Credential | null>(readStored());
const heldKey = signal<string | null>(null);
/** Tokens before the one of now, which are good until they end: sockets may be open under them, so they are revoked with the session. */
let replaced: ReadonlyArray<Credential> = [];
export const viewer = signal<Viewer | null>(null);
/** Why the last session ended, if it was not by signing out. */
export const farewell = signal<string | null>(null);
/** What goes with each request now. */
export const token = computed(() => credential.value?.token ?? null);
export const isSignedIn = computed(() => credential.value !== null);
/** The key itself is at hand: pages of keys can be shown. */
export const hasKeyAtHand = computed(() => heldKey.value !== null || credential.value?.isExchanged === false);

/** Whether pages that need this scope can be shown. KEYS counts for whoever signed in with a key that has it. */
export function has(scope: Scope): boolean {
  if (viewer.value?.scopes.includes(scope)) return true;
  return scope === "KEYS" && (credential.value?.isExchanged ?? false);
}

/** Sign in with a key or an access token.
 *
 * Throws ApiError. */
export async function signIn(given: string): Promise<void> {
  const text = given.trim();
  farewell.value = null;
  let who: Viewer;
  try {
    who = (await ask(ViewerDocument, {}, { credential: text })).viewer;
  } catch (error) {
    throw error instanceof ApiError && error.code === "UNAUTHENTICATED"
      ? new ApiError(error.code, "This key is not known, or may not be used here.")
      : error;
  }
  const made = who.accessTokenId === null && who.scopes.includes("KEYS") ? await exchange(text, who) : null;
  batch(() => {
    heldKey.value = made ? text : null;
    credential.value = made ?? {
      token: text,
      expiresAt: who.expiresAt,
      isExchanged: false,
      isStored: !who.scopes.includes("KEYS"),
    };
    viewer.value = who;
  });
  store();
  renewInTime();
}

/** The key once more, after a reload, for what only the key may do.
 *
 * Throws ApiError. */
export async function takeKey(given: string): Promise<void> {
  const text = given.trim();
  const { viewer: who } = await ask(ViewerDocument, {}, { credential: text });
  if (who.account.id !== viewer.value?.account.id) throw new ApiError("FORBIDDEN", "This is another account's key.");
  if (!who.scopes.includes("KEYS")) throw new ApiError("FORBIDDEN", "This key lacks the scope KEYS.");
  heldKey.value = text;
  renewInTime();
}

/** Take up the session of this tab, after a reload. */
export async function resume(): Promise<void> {
  const asked = token.value;
  if (asked === null) return;
  try {
    const { viewer: who } = await ask(ViewerDocument, {});
    if (token.value === asked) viewer.value = who;
  } catch (error) {
    if (token.value !== asked) return; // of a session that is over
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "UNAUTHENTICATED") forget("Your session has expired.");
    else throw error;
  }
}

export async function signOut(): Promise<void> {
  const tokens = [...replaced.map((one) => one.token), token.value ?? ""].filter((one) => one.startsWith("oft_"));
  const ending = tokens.map(revoke);
  forget(null);
  await Promise.all(ending);
}

/** It ends by itself too, and there is nobody left to be told when it could not be revoked. */
async function revoke(given: string): Promise<void> {
  await ask(RevokeOwnTokenDocument, {}, { credential: given }).catch(() => undefined);
}

export function credentialFor(asKey: boolean): string | null {
  return asKey && heldKey.value ? heldKey.value : token.value;
}

/** The API said UNAUTHENTICATED to this credential. */
export function onRefused(refused: string): void {
  if (refused !== credential.value?.token || !viewer.value) return;
  forget("You were signed out: the key or token is no longer good.");
}

let renewal: ReturnType<typeof setTimeout> | undefined;
const RENEW_AGAIN_MS = 60_000;

/** A new token in the middle of the old one's life, as long as the key is at hand. */
function renewInTime(wait?: number): void {
  clearTimeout(renewal);
  const key = heldKey.value;
  const ends = credential.value?.isExchanged ? credential.value.expiresAt : null;
  if (!key || !ends) return;
  const left = Date.parse(ends) - Date.now();
  renewal = setTimeout(
    () => {
      renew(key).catch(() => {
        if (heldKey.value === key) renewInTime(RENEW_AGAIN_MS); // half of its life is left to try again
      });
    },
    wait ?? Math.max(0, left / 2),
  );
}

async function renew(key: string): Promise<void> {
  const { viewer: who } = await ask(ViewerDocument, {}, { credential: key });
  const made = await exchange(key, who);
  if (!made) return;
  const before = credential.value;
  if (!before || heldKey.value !== key) return revoke(made.token);
  replaced = [...replaced, before].filter((one) => one.expiresAt !== null && Date.parse(one.expiresAt) > Date.now());
  credential.value = made;
  store();
  renewInTime();
}

/** A token for the key; null where it cannot have one: a key of this scope alone has nothing to give to it.
 *
 * Throws ApiError, also when the token is refused: the key is never kept in its place. */
async function exchange(key: string, who: Viewer): Promise<Credential | null> {
  const scopes = who.scopes.filter((scope) => scope !== "KEYS");
  if (scopes.length === 0) return null;
  const input = { scopes, allowedOrigins: [location.origin], ttlSeconds: TOKEN_SECONDS };
  const { createAccessToken: made } = await ask(CreateAccessTokenDocument, { input }, { credential: key });
  if (!made.token || !made.accessToken) {
    const why = made.userErrors[0];
    throw new ApiError(
      why?.code ?? "INTERNAL",
      `The key could not be exchanged for an access token: ${why?.message ?? "no reason was given."}`,
    );
  }
  return { token: made.token, expiresAt: made.accessToken.expiresAt, isExchanged: true, isStored: true };
}

function forget(why: string | null): void {
  clearTimeout(renewal);
  replaced = [];
  batch(() => {
    credential.value = null;
    heldKey.value = null;
    viewer.value = null;
    farewell.value = why;
  });
  store();
}

function store(): void {
  if (credential.value?.isStored) sessionStorage.setItem(STORED, JSON.stringify(credential.value));
  else sessionStorage.removeItem(STORED);
}

function readStored(): Credential | null {
  try {
    const read = JSON.parse(sessionStorage.getItem(STORED) ?? "null") as Partial<Credential> | null;
    if (typeof read?.token !== "string") return null;
    return { token: read.token, expiresAt: read.expiresAt ?? null, isExchanged: read.isExchanged === true, isStored: true };
  } catch {
    return null; // somebody else's value under our name
  }
}
