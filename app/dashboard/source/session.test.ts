import { afterEach, beforeEach, expect, test, vi } from "vitest";

interface Asked {
  readonly operation: string;
  readonly credential: string;
  readonly variables: { readonly input?: { readonly scopes: ReadonlyArray<string> } };
}

type Answer = { readonly status?: number; readonly body: unknown };

const KEY = "ofk_live_key";
const DAY_MS = 24 * 3600 * 1000;

let stored: Map<string, string>;
let asked: Asked[];
let answer: (question: Asked) => Answer | Promise<Answer>;
let made: number;

const asks = (operation: string) => asked.filter((one) => one.operation === operation);
const kept = () => [...stored.values()].join();
const UNAUTHENTICATED: Answer = {
  status: 401,
  body: { errors: [{ message: "Who is it?", extensions: { code: "UNAUTHENTICATED" } }] },
};

function viewerWith(scopes: ReadonlyArray<string>, name = "Acme"): Answer {
  const viewer = {
    account: { id: `acct_${name}`, name, defaultRegion: null },
    agentId: null,
    accessTokenId: null,
    expiresAt: null,
    isTest: false,
    scopes,
  };
  return { body: { data: { viewer } } };
}

function nextToken(): Answer {
  made += 1;
  const expiresAt = new Date(Date.now() + 8 * 3600 * 1000).toISOString();
  const payload = { token: `oft_${made}`, accessToken: { id: `token_${made}`, expiresAt }, userErrors: [] };
  return { body: { data: { createAccessToken: payload } } };
}

/** A service where the key has these scopes, and makes a token whenever it is asked to. */
function serviceOf(...scopes: string[]): typeof answer {
  return ({ operation }) => {
    if (operation === "Viewer") return viewerWith(scopes);
    if (operation === "CreateAccessToken") return nextToken();
    return { body: { data: { revokeAccessToken: { userErrors: [] } } } };
  };
}

/** As a tab loads it. */
async function load() {
  vi.resetModules();
  return import("./session");
}

beforeEach(() => {
  stored = new Map();
  asked = [];
  made = 0;
  vi.useFakeTimers();
  vi.stubGlobal("location", { origin: "https://offhook.example" });
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  });
  vi.stubGlobal("fetch", async (_: string, { headers, body }: { headers: Record<string, string>; body: string }) => {
    const { query, variables } = JSON.parse(body) as { query: string; variables: Asked["variables"] };
    const question = {
      operation: /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? "",
      credential: (headers["Authorization"] ?? "").replace("Bearer ", ""),
      variables,
    };
    asked.push(question);
    const { status = 200, body: said } = await answer(question);
    return { status, json: async () => said };
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a key that may make tokens is exchanged for one, and is kept nowhere", async () => {
  answer = serviceOf("KEYS", "CALLS_READ");
  const { signIn, token } = await load();
  await signIn(KEY);
  expect(asks("CreateAccessToken")[0]?.variables.input?.scopes).toEqual(["CALLS_READ"]);
  expect(token.value).toBe("oft_1");
  expect(kept()).toContain("oft_1");
  expect(kept()).not.toContain(KEY);
});

test("a key that is refused a token signs nobody in, says why, and is kept nowhere", async () => {
  const withKeys = serviceOf("KEYS", "CALLS_READ");
  const userErrors = [{ code: "INVALID_INPUT", message: "Use an origin.", field: ["allowedOrigins", "0"] }];
  answer = (question) =>
    question.operation === "CreateAccessToken"
      ? { body: { data: { createAccessToken: { token: null, accessToken: null, userErrors } } } }
      : withKeys(question);
  const { signIn, isSignedIn, hasKeyAtHand } = await load();
  await expect(signIn(KEY)).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining("Use an origin."),
  });
  expect(isSignedIn.value).toBe(false);
  expect(hasKeyAtHand.value).toBe(false);
  expect(kept()).toBe("");
});

test("a key of keys alone, which has nothing to give to a token, is in memory only", async () => {
  answer = serviceOf("KEYS");
  const { signIn, signOut, token, hasKeyAtHand } = await load();
  await signIn(KEY);
  expect(token.value).toBe(KEY);
  expect(hasKeyAtHand.value).toBe(true);
  expect(asks("CreateAccessToken")).toEqual([]);
  expect(kept()).toBe("");
  await signOut();
  expect(token.value).toBeNull();
});

test("a key that makes no tokens is kept in the tab, and found there after a reload", async () => {
  answer = serviceOf("CALLS_READ");
  await (await load()).signIn(KEY);
  const { token, resume, viewer } = await load();
  expect(token.value).toBe(KEY);
  await resume();
  expect(viewer.value?.scopes).toEqual(["CALLS_READ"]);
});

test("signing out revokes the tokens that were replaced as well as the last one", async () => {
  answer = serviceOf("KEYS", "CALLS_READ");
  const { signIn, signOut, token } = await load();
  await signIn(KEY);
  await vi.advanceTimersByTimeAsync(4.5 * 3600 * 1000);
  expect(token.value).toBe("oft_2");
  expect(asks("RevokeOwnToken")).toEqual([]); // a socket may be open under the first
  await signOut();
  expect(asks("RevokeOwnToken").map((one) => one.credential).sort()).toEqual(["oft_1", "oft_2"]);
});

test("tokens that are over are not kept in mind", async () => {
  answer = serviceOf("KEYS", "CALLS_READ");
  const { signIn, signOut, token } = await load();
  await signIn(KEY);
  await vi.advanceTimersByTimeAsync(2 * DAY_MS + 3600 * 1000);
  const last = token.value;
  await signOut();
  const revoked = asks("RevokeOwnToken").map((one) => one.credential);
  expect(revoked).toContain(last);
  expect(revoked.length).toBeLessThanOrEqual(3);
});

test("a token that comes after signing out is revoked, and signs nobody in", async () => {
  const plain = serviceOf("KEYS", "CALLS_READ");
  let give: (() => void) | undefined;
  answer = (question) => {
    if (question.operation !== "CreateAccessToken" || made === 0) return plain(question);
    return new Promise((resolve) => (give = () => resolve(nextToken())));
  };
  const { signIn, signOut, isSignedIn } = await load();
  await signIn(KEY);
  await vi.advanceTimersByTimeAsync(4.5 * 3600 * 1000);
  await signOut();
  give?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(isSignedIn.value).toBe(false);
  expect(kept()).toBe("");
  expect(asks("RevokeOwnToken").map((one) => one.credential)).toEqual(["oft_1", "oft_2"]);
});

test.each([
  ["who it was", viewerWith(["AUDIT"], "Old")],
  ["that it is over", UNAUTHENTICATED],
])("a late answer of %s changes nothing in the session that came after", async (_, late) => {
  const old = "ofk_live_old";
  stored.set("offhook.session", JSON.stringify({ token: old, expiresAt: null, isExchanged: false }));
  let give: ((said: Answer) => void) | undefined;
  const plain = serviceOf("CALLS_READ");
  answer = (question) =>
    question.credential === old ? new Promise((resolve) => (give = resolve)) : plain(question);
  const { resume, signIn, signOut, viewer, token, farewell } = await load();
  const resuming = resume();
  await signOut();
  await signIn(KEY);
  give?.(late);
  await resuming;
  expect(token.value).toBe(KEY);
  expect(viewer.value?.account.name).toBe("Acme");
  expect(farewell.value).toBeNull();
});
