import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { describe } from "../api";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";

/** The first page does not take the focus: nothing was there before it. */
let hasShownOne = false;

/** A page: its title is the document's too, and where the keyboard is after a change of pages. */
export function Page(props: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  back?: { readonly href: string; readonly label: string };
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${props.title} · Offhook`;
  }, [props.title]);
  useEffect(() => {
    if (hasShownOne) document.getElementById("page-title")?.focus();
    hasShownOne = true;
  }, []);
  return (
    <>
      <header class="page-head">
        <div class="page-title">
          {props.back && (
            <a class="page-back" href={props.back.href}>
              <Icon name="back" size={15} />
              {props.back.label}
            </a>
          )}
          <h1 tabIndex={-1} id="page-title">
            {props.title}
          </h1>
          {props.lead && <p class="page-lead">{props.lead}</p>}
        </div>
        {props.actions && <div class="page-actions">{props.actions}</div>}
      </header>
      <div class="page-body">{props.children}</div>
    </>
  );
}

/** `flush`: no padding, for a table. */
export function Card(props: { title?: string; actions?: ComponentChildren; flush?: boolean; children: ComponentChildren }) {
  return (
    <section class={`card${props.flush ? " flush" : ""}`} aria-label={props.title}>
      {(props.title || props.actions) && (
        <header class="card-head">
          {props.title && <h2>{props.title}</h2>}
          {props.actions && <div class="row">{props.actions}</div>}
        </header>
      )}
      <div class="card-body">{props.children}</div>
    </section>
  );
}

export function Stats({ label = "Figures", children }: { label?: string; children: ComponentChildren }) {
  return (
    <dl class="stats" aria-label={label}>
      {children}
    </dl>
  );
}

export function Stat({ label, hint, children }: { label: string; hint?: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd class="number">
        {children}
        {hint && <span class="stat-hint">{hint}</span>}
      </dd>
    </div>
  );
}

export function Facts({ items }: { items: ReadonlyArray<readonly [string, ComponentChildren]> }) {
  return (
    <dl class="facts">
      {items.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value ?? <span class="faint">–</span>}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Empty({ icon = "dot", title, children }: { icon?: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={22} />
      </span>
      <p class="empty-title">{title}</p>
      {children && <div class="soft">{children}</div>}
    </div>
  );
}

export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (!error) return null;
  return (
    <div class="problem" role="alert">
      <Icon name="alert" />
      <span>{describe(error)}</span>
      {onRetry && (
        <Button small onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Loading({ label = "Loading" }: { label?: string }) {
  return (
    <div class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      <span class="unseen">{label}</span>
    </div>
  );
}
