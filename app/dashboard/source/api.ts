/** One GraphQL operation over HTTP: asked, or done. Live news comes by `live.ts`. */
import { useEffect, useRef, useState } from "preact/hooks";

import type { TypedDocumentString, UserErrorCode } from "./generated/operations";
import { credentialFor, onRefused } from "./session";
import { toast } from "./components/toast";

export type Document<Result, Variables> = TypedDocumentString<Result, Variables>;

export interface UserError {
  readonly code: UserErrorCode;
  readonly message: string;
  readonly field: ReadonlyArray<string> | null;
}

/** What was asked could not be answered at all. `code` is the API's, or NETWORK when there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

interface Options {
  readonly signal?: AbortSignal;
  /** With the API key itself, for what an access token never may: see `WithKey`. */
  readonly asKey?: boolean;
  /** With this credential, while nobody is signed in yet. */
  readonly credential?: string;
}

interface GraphQLAnswer<Result> {
  readonly data?: Result | null;
  readonly errors?: ReadonlyArray<{
    readonly message: string;
    readonly path?: ReadonlyArray<string | number>;
    readonly extensions?: { readonly code?: string; readonly requestId?: string };
  }>;
}

/** Ask. Fields that the credential has no scope for are null where the schema lets them be.
 *
 * Throws ApiError. */
export async function ask<Result, Variables>(
  document: Document<Result, Variables>,
  variables: Variables,
  options: Options = {},
): Promise<Result> {
  const credential = options.credential ?? credentialFor(options.asKey ?? false);
  let response: Response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        ...(credential ? { Authorization: `Bearer ${credential}` } : {}),
      },
      body: JSON.stringify({ query: document.toString(), variables }),
      credentials: "omit",
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError("NETWORK", "Offhook cannot be reached.");
  }
  let answer: GraphQLAnswer<Result>;
  try {
    answer = (await response.json()) as GraphQLAnswer<Result>;
  } catch {
    throw new ApiError("NETWORK", `Something on the way answered instead of Offhook (${response.status}).`);
  }
  const errors = (answer.errors ?? []).filter((error) => !answer.data || error.extensions?.code !== "FORBIDDEN");
  const first = errors[0];
  if (first || !answer.data) {
    const code = first?.extensions?.code ?? "INTERNAL";
    if (code === "UNAUTHENTICATED" && credential) onRefused(credential);
    throw new ApiError(code, first?.message ?? "There was no answer.", first?.extensions?.requestId ?? null);
  }
  return answer.data;
}

/** The payload of a mutation's only root field. */
export type PayloadOf<Result> = Result[keyof Result];

/** Do. What the caller can mend is in the payload's `userErrors`.
 *
 * Throws ApiError. */
export async function mutate<Result extends object, Variables>(
  document: Document<Result, Variables>,
  variables: Variables,
  options: Options = {},
): Promise<PayloadOf<Result>> {
  const result = await ask(document, variables, options);
  return Object.values(result)[0] as PayloadOf<Result>;
}

/** Do, from a button: whatever goes wrong is told in a toast, and null is what comes back; `done` is told when all went well. */
export async function act<Result extends object, Variables>(
  document: Document<Result, Variables>,
  variables: Variables,
  done?: string,
  options: Options = {},
): Promise<PayloadOf<Result> | null> {
  try {
    const payload = await mutate(document, variables, options);
    const refused = (payload as { userErrors?: ReadonlyArray<UserError> }).userErrors?.[0];
    if (refused) {
      toast(refused.message, "red");
      return null;
    }
    if (done) toast(done, "green");
    return payload;
  } catch (error) {
    toast(describe(error), "red");
    return null;
  }
}

/** An error in a sentence. */
export function describe(error: unknown): string {
  if (error instanceof ApiError) {
    return error.requestId && error.code === "INTERNAL" ? `${error.message} (request ${error.requestId})` : error.message;
  }
  return error instanceof Error ? error.message : String(error);
}

export interface Asked<Result> {
  /** The latest answer; it stays while another is waited for. */
  readonly data: Result | null;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

interface QueryOptions {
  /** Ask nothing yet. */
  readonly skip?: boolean;
  readonly asKey?: boolean;
  /** Ask again so often, in seconds, while the page can be seen. */
  readonly every?: number;
  /** Ask again whenever this changes. */
  readonly when?: unknown;
}

/** Ask when the component appears, and again when the variables change. */
export function useQuery<Result, Variables>(
  document: Document<Result, Variables>,
  variables: Variables,
  options: QueryOptions = {},
): Asked<Result> {
  const [state, setState] = useState<{ data: Result | null; error: unknown; isLoading: boolean }>({
    data: null,
    error: null,
    isLoading: !options.skip,
  });
  const [turn, setTurn] = useState(0);
  const isByClock = useRef(false);
  const question = JSON.stringify(variables);
  const latest = useRef(variables);
  latest.current = variables;

  useEffect(() => {
    if (options.skip) {
      setState((old) => ({ ...old, isLoading: false }));
      return;
    }
    const abort = new AbortController();
    // Asking again by the clock is nothing to be seen.
    if (!isByClock.current) setState((old) => ({ ...old, isLoading: true }));
    isByClock.current = false;
    ask(document, latest.current, { signal: abort.signal, asKey: options.asKey ?? false }).then(
      (data) => setState({ data, error: null, isLoading: false }),
      (error: unknown) => {
        if (!abort.signal.aborted) setState((old) => ({ data: old.data, error, isLoading: false }));
      },
    );
    return () => abort.abort();
  }, [document, question, turn, options.skip, options.asKey, options.when]);

  useEffect(() => {
    if (!options.every) return;
    const timer = setInterval(() => {
      if (window.document.hidden) return;
      isByClock.current = true;
      setTurn((old) => old + 1);
    }, options.every * 1000);
    return () => clearInterval(timer);
  }, [options.every]);

  return { ...state, reload: () => setTurn((old) => old + 1) };
}

interface Connection<Row> {
  readonly nodes: ReadonlyArray<Row>;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export interface Pages<Row> {
  readonly rows: ReadonlyArray<Row> | null;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly reload: () => void;
  /** Counted from 1. */
  readonly number: number;
  /** The cursor behind which it begins. */
  readonly after: string | null;
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
  readonly next: () => void;
  readonly previous: () => void;
}

/** A list a page at a time, for `<Pager>`. The variables need `$first` and `$after`; other variables begin it anew. */
export function usePages<Result, Variables extends { first?: unknown; after?: unknown }, Row>(
  document: Document<Result, Variables>,
  variables: Omit<Variables, "first" | "after">,
  pick: (result: Result) => Connection<Row> | null,
  options: QueryOptions & { readonly size?: number } = {},
): Pages<Row> {
  const question = JSON.stringify(variables);
  const [place, setPlace] = useState<{ question: string; cursors: ReadonlyArray<string> }>({ question, cursors: [] });
  const cursors = place.question === question ? place.cursors : [];
  const after = cursors.at(-1) ?? null;
  const asked = useQuery(document, { ...variables, first: options.size ?? 50, after } as unknown as Variables, options);
  const connection = asked.data ? pick(asked.data) : null;
  const end = connection?.pageInfo.endCursor ?? null;
  return {
    rows: connection?.nodes ?? null,
    error: asked.error,
    isLoading: asked.isLoading,
    reload: asked.reload,
    number: cursors.length + 1,
    after,
    hasNext: connection?.pageInfo.hasNextPage ?? false,
    hasPrevious: cursors.length > 0,
    next: () => end && setPlace({ question, cursors: [...cursors, end] }),
    previous: () => setPlace({ question, cursors: cursors.slice(0, -1) }),
  };
}
