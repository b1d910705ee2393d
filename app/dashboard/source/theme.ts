/** Light or dark: as the system has it, until somebody chooses. */
import { signal } from "@preact/signals";

export type Theme = "light" | "dark";

const STORED = "offhook.theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>(read());
theme.subscribe((value) => (document.documentElement.dataset["theme"] = value));
system.addEventListener("change", () => (theme.value = read()));

export function toggleTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(STORED, theme.value);
}

function read(): Theme {
  const chosen = localStorage.getItem(STORED);
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}
