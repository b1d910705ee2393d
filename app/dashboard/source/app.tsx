import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ApiError } from "./api";
import { Button, IconButton } from "./components/button";
import { Confirmation, hasDialog } from "./components/dialog";
import { Icon } from "./components/icon";
import { Logo } from "./components/logo";
import { NotLive } from "./components/not-live";
import { Empty, Loading, Page, Problem } from "./components/page";
import { toast, Toasts } from "./components/toast";
import { liveness } from "./live/socket";
import { PAGES, type PageEntry, type PageProps } from "./pages/registry";
import { SignIn } from "./pages/sign-in";
import { address, go, match, route } from "./router";
import { has, isSignedIn, resume, signOut, viewer } from "./session";
import { theme, toggleTheme } from "./theme";

const GROUPS = ["Live", "History", "Account"] as const;
const REACHED_MS = 10_000;

export function App() {
  return (
    <>
      {isSignedIn.value ? viewer.value ? <Shell /> : <Resuming /> : <SignIn />}
      <Toasts isOnTop={!hasDialog.value} />
      <Confirmation />
    </>
  );
}

/** A reload: who this tab belongs to is asked for first. */
function Resuming() {
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    resume().catch(setError);
  }, []);
  if (!error) return <Loading label="Signing in" />;
  return (
    <main class="resuming">
      <Problem error={error} onRetry={() => location.reload()} />
      <Button onClick={signOut}>Sign out</Button>
    </main>
  );
}

function Shell() {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const { path } = route.value;
  const entry = PAGES.find((page) => match(page.path, path) !== null);

  useEffect(() => {
    setMenuOpen(false);
    if (path === "/") {
      const first = PAGES.find((page) => page.icon && has(page.scope));
      if (first) go(first.path);
    }
  }, [path]);

  const closeByKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !isMenuOpen) return;
    setMenuOpen(false);
    document.querySelector<HTMLElement>(".bar .icon-button")?.focus();
  };

  return (
    <div class={`shell${isMenuOpen ? " menu-open" : ""}`} onKeyDown={closeByKey}>
      <nav class="skip-nav" aria-label="Skip">
        <a
          class="skip"
          href={address(path)}
          onClick={(event) => {
            event.preventDefault();
            document.getElementById("page-title")?.focus();
          }}
        >
          Skip to the page
        </a>
      </nav>
      <header class="bar">
        <IconButton
          icon={isMenuOpen ? "close" : "menu"}
          label={isMenuOpen ? "Close the menu" : "Open the menu"}
          onClick={() => setMenuOpen(!isMenuOpen)}
        />
        <Logo />
        <LiveMark />
      </header>
      <Menu path={path} />
      <button type="button" class="menu-shade" tabIndex={-1} aria-hidden="true" onClick={() => setMenuOpen(false)} />
      <main class="main">
        <NotLive />
        <div class="main-inner">{entry ? <Shown key={path} entry={entry} path={path} /> : <Nowhere path={path} />}</div>
      </main>
    </div>
  );
}

function Menu({ path }: { path: string }) {
  const who = viewer.value;
  return (
    <nav class="menu" aria-label="Pages">
      <div class="menu-top">
        <Logo />
        <LiveMark />
      </div>
      <div class="menu-groups">
        {GROUPS.map((group) => {
          const pages = PAGES.filter((page) => page.group === group && page.icon && has(page.scope));
          if (pages.length === 0) return null;
          return (
            <section key={group} aria-label={group}>
              <h2 class="menu-heading">{group}</h2>
              <ul>
                {pages.map((page) => (
                  <li key={page.path}>
                    <a
                      class="menu-link"
                      href={address(page.path)}
                      aria-current={path === page.path || path.startsWith(`${page.path}/`) ? "page" : undefined}
                    >
                      {page.icon && <Icon name={page.icon} />}
                      {page.title}
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
      <div class="menu-foot">
        <a class="menu-link" href="/graphql" target="_blank" rel="noopener">
          <Icon name="external" />
          GraphQL editor
        </a>
        <div class="menu-who">
          <span class="menu-account">
            <span class="menu-account-name">{who?.account.name}</span>
            <span class="faint">{who?.isTest ? "Test key" : who?.accessTokenId ? "Access token" : "Live key"}</span>
          </span>
          <IconButton
            icon={theme.value === "dark" ? "sun" : "moon"}
            label={theme.value === "dark" ? "Light colours" : "Dark colours"}
            onClick={toggleTheme}
          />
          <IconButton icon="logout" label="Sign out" onClick={signOut} />
        </div>
      </div>
    </nav>
  );
}

function LiveMark() {
  const { state } = liveness.value;
  if (state === "idle") return null;
  const word = { live: "Live", connecting: "Connecting", lost: "Not live" }[state];
  return (
    <span class={`live-mark ${state}`}>
      <span class="live-dot" aria-hidden="true" />
      {word}
    </span>
  );
}

function Shown({ entry, path }: { entry: PageEntry; path: string }) {
  const [shown, setShown] = useState<ComponentType<PageProps> | null>(null);
  const [error, setError] = useState<unknown>(null);
  const isAllowed = has(entry.scope);

  useEffect(() => {
    let isOver = false;
    if (isAllowed) {
      entry.load().then(
        (module) => !isOver && setShown(() => module.default),
        (problem: unknown) => !isOver && setError(problem),
      );
    }
    return () => {
      isOver = true;
    };
  }, [entry, isAllowed]);

  if (!isAllowed) {
    return (
      <Page title={entry.title}>
        <Empty icon="key" title="This key may not see this page.">
          It lacks the scope <code>{entry.scope}</code>.
        </Empty>
      </Page>
    );
  }
  if (error) {
    return (
      <Page title={entry.title}>
        <Problem error={new ApiError("NETWORK", "The page could not be loaded.")} onRetry={reloadOnceReached} />
      </Page>
    );
  }
  const Component = shown;
  return Component ? <Component params={match(entry.path, path) ?? {}} /> : <Loading />;
}

/** A reload while the service is away would end in the browser's own page of errors, and lose what the tab knows. */
async function reloadOnceReached(): Promise<void> {
  try {
    await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(REACHED_MS) });
    location.reload();
  } catch {
    toast("Offhook cannot be reached.", "red");
  }
}

function Nowhere({ path }: { path: string }) {
  if (path === "/") {
    return (
      <Page title="Offhook">
        <Empty icon="key" title="There is nothing that this key may see here.">
          Sign in with one that has scopes such as <code>CALLS_READ</code>.
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="Not found">
      <Empty icon="search" title="There is no such page.">
        <a href={address("/")}>To the first page</a>
      </Empty>
    </Page>
  );
}
