/** Every page: where it is, what it is called, and who may see it. */
import type { ComponentType } from "preact";

import type { IconName } from "../components/icon";
import type { Scope } from "../generated/operations";

export interface PageProps {
  readonly params: Readonly<Record<string, string>>;
}

type Module = { readonly default: ComponentType<PageProps> };

export interface PageEntry {
  readonly path: string;
  readonly title: string;
  /** Left out: reached from another page, and not in the menu. */
  readonly icon?: IconName;
  readonly group: "Live" | "History" | "Account";
  readonly scope: Scope;
  readonly load: () => Promise<Module>;
}

export const PAGES: ReadonlyArray<PageEntry> = [
  { path: "/calls", title: "Calls", icon: "phone", group: "Live", scope: "CALLS_READ", load: () => import("./calls/calls") },
  { path: "/agents", title: "Agents", icon: "agents", group: "Live", scope: "AGENTS", load: () => import("./agents/agents") },
  { path: "/queues", title: "Queues", icon: "queue", group: "Live", scope: "CALLS_READ", load: () => import("./queues/queues") },
  {
    path: "/campaigns",
    title: "Campaigns",
    icon: "campaign",
    group: "Live",
    scope: "CAMPAIGNS_READ",
    load: () => import("./campaigns/campaigns"),
  },
  {
    path: "/campaigns/:id",
    title: "Campaign",
    group: "Live",
    scope: "CAMPAIGNS_READ",
    load: () => import("./campaigns/campaign"),
  },
  { path: "/recordings", title: "Recordings", icon: "recording", group: "History", scope: "RECORDINGS_READ", load: () => import("./recordings/recordings") },
  { path: "/recordings/:id", title: "Recording", group: "History", scope: "RECORDINGS_READ", load: () => import("./recordings/recording") },
  { path: "/cdrs", title: "Call records", icon: "list", group: "History", scope: "CDRS_READ", load: () => import("./cdrs/cdrs") },
  { path: "/cdrs/:id", title: "Call record", group: "History", scope: "CDRS_READ", load: () => import("./cdrs/cdr") },
  { path: "/statistics", title: "Statistics", icon: "chart", group: "History", scope: "CDRS_READ", load: () => import("./statistics/statistics") },
  { path: "/webhooks", title: "Webhooks", icon: "webhook", group: "Account", scope: "WEBHOOKS_READ", load: () => import("./webhooks/webhooks") },
  { path: "/webhooks/:id", title: "Webhook endpoint", group: "Account", scope: "WEBHOOKS_READ", load: () => import("./webhooks/webhook") },
  { path: "/keys", title: "API keys", icon: "key", group: "Account", scope: "KEYS", load: () => import("./keys/keys") },
  { path: "/audit", title: "Audit log", icon: "audit", group: "Account", scope: "AUDIT", load: () => import("./audit/audit") },
  { path: "/usage", title: "Usage", icon: "usage", group: "Account", scope: "USAGE", load: () => import("./usage/usage") },
];
