/** Line icons on a grid of 20, drawn for this dashboard. They are ornament: what they stand for is said in words beside them. */
const PATHS = {
  phone: "M5.2 3.5h2.1l1.3 3.4-1.7 1.3a9 9 0 0 0 4.9 4.9l1.3-1.7 3.4 1.3v2.1a1.7 1.7 0 0 1-1.8 1.7A11.7 11.7 0 0 1 3.5 5.3a1.7 1.7 0 0 1 1.7-1.8Z",
  phoneIn: "M5.2 3.5h2.1l1.3 3.4-1.7 1.3a9 9 0 0 0 4.9 4.9l1.3-1.7 3.4 1.3v2.1a1.7 1.7 0 0 1-1.8 1.7A11.7 11.7 0 0 1 3.5 5.3a1.7 1.7 0 0 1 1.7-1.8ZM16.5 3.5l-4 4m0-3.2v3.2h3.2",
  phoneOut: "M5.2 3.5h2.1l1.3 3.4-1.7 1.3a9 9 0 0 0 4.9 4.9l1.3-1.7 3.4 1.3v2.1a1.7 1.7 0 0 1-1.8 1.7A11.7 11.7 0 0 1 3.5 5.3a1.7 1.7 0 0 1 1.7-1.8ZM12.5 7.5l4-4m-3.2 0h3.2v3.2",
  agents: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16.5c0-3 2.4-4.8 5.5-4.8s5.5 1.8 5.5 4.8M13 3.8a3 3 0 0 1 0 5.4M15 12.2c1.9.6 3 2.2 3 4.3",
  queue: "M3.5 5h13M3.5 10h9M3.5 15h5",
  campaign: "M3.5 8v4h2.7l6.3 3.5v-11L6.2 8H3.5ZM15.3 7.5a3.6 3.6 0 0 1 0 5M6.5 12.2v3.8",
  recording: "M10 3a2.3 2.3 0 0 0-2.3 2.3v4.4a2.3 2.3 0 0 0 4.6 0V5.3A2.3 2.3 0 0 0 10 3ZM4.8 9.5a5.2 5.2 0 0 0 10.4 0M10 14.7V17",
  list: "M7 5h9.5M7 10h9.5M7 15h9.5M3.6 5h.01M3.6 10h.01M3.6 15h.01",
  chart: "M3.5 16.5h13M5.5 13.5v-3M10 13.5v-8M14.5 13.5V8",
  webhook: "M7.2 8.7a3.2 3.2 0 1 1 5.4-1.2L15 12M12.8 14.5a3.2 3.2 0 1 0 2-2.6M9.6 6.6 7 11.6a3 3 0 1 0 .4 3H13",
  key: "M12.7 3.5a3.8 3.8 0 0 0-3.6 5L3.5 14v2.5H6l.1-1.8 1.8-.1.1-1.8 2.4-2.3a3.8 3.8 0 1 0 2.3-7ZM13.4 6.6h.01",
  audit: "M6 3.5h5.6L15 6.9v9.6H5v-12a1 1 0 0 1 1-1ZM11.4 3.6V7H15M7.6 10.4h4.8M7.6 13.2h4.8",
  usage: "M4.2 14.5a7 7 0 1 1 11.6 0M10 11.2l3-3.7",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13.1 13.1l3.4 3.4",
  play: "M6.5 4.3v11.4l9-5.7-9-5.7Z",
  pause: "M7 4.5v11M13 4.5v11",
  stop: "M5.5 5.5h9v9h-9z",
  download: "M10 3.5v9m0 0 3.5-3.5M10 12.5 6.5 9M4 16.5h12",
  refresh: "M16 10a6 6 0 1 1-1.8-4.3L16 7.4m0-3.6v3.6h-3.6",
  plus: "M10 4.5v11M4.5 10h11",
  check: "m4.5 10.5 3.7 3.7 7.3-8",
  close: "m5.5 5.5 9 9m0-9-9 9",
  alert: "M10 3.6 2.8 16h14.4L10 3.6ZM10 8.4v3.4M10 13.9h.01",
  chevron: "m7.5 4.5 5.5 5.5-5.5 5.5",
  back: "M16 10H4.5m0 0L9 5.5M4.5 10 9 14.5",
  copy: "M7.5 7.5h8v8h-8zM5 12.5h-.5v-8h8V5",
  external: "M8.5 4.5h-4v11h11v-4M11.5 4.5h4v4M15.2 4.8 9.5 10.5",
  filter: "M3.5 5.5h13M6 10h8M8.5 14.5h3",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  sun: "M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM10 2.8v1.4M10 15.8v1.4M2.8 10h1.4M15.8 10h1.4M4.9 4.9l1 1M14.1 14.1l1 1M15.1 4.9l-1 1M5.9 14.1l-1 1",
  moon: "M16.3 11.6A6.6 6.6 0 0 1 8.4 3.7a6.6 6.6 0 1 0 7.9 7.9Z",
  logout: "M8 3.5H4.5v13H8M12.5 6.5 16 10l-3.5 3.5M16 10H8",
  ear: "M6 8.2a4.2 4.2 0 0 1 8.4 0c0 3.3-3.1 3.8-3.1 6.3a2.3 2.3 0 0 1-4.2 1.3M8.3 8.4a1.9 1.9 0 0 1 3.7 0c0 1.3-1.5 1.6-1.5 2.9",
  transfer: "M3.5 7h12m0 0-3-3m3 3-3 3M16.5 13.5h-12m0 0 3-3m-3 3 3 3",
  hold: "M7.5 5v10M12.5 5v10",
  record: "M10 15.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  user: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.5c0-3 2.7-4.8 6-4.8s6 1.8 6 4.8",
  clock: "M10 16.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM10 6.5V10l2.4 1.6",
  trash: "M4 5.5h12M8 5.3V3.5h4v1.8M5.5 5.5l.8 11h7.4l.8-11M8.5 8.5v5M11.5 8.5v5",
  dot: "M10 11.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z",
  bolt: "M11 3 4.5 11.5H10L9 17l6.5-8.5H10L11 3Z",
  hangup: "M2.8 12.2c0-3 3.2-4.7 7.2-4.7s7.2 1.7 7.2 4.7c0 .8-.3 1.5-.9 1.5l-3-.5-.5-2.3a9 9 0 0 0-5.6 0l-.5 2.3-3 .5c-.6 0-.9-.7-.9-1.5Z",
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set(["play", "stop", "dot"]);

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  const isFilled = FILLED.has(name);
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill={isFilled ? "currentColor" : "none"}
        stroke="currentColor"
        stroke-width={1.5}
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
