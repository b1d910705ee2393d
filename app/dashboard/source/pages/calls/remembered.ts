/** What this browser remembers of a supervisor: the extension that rings, for each account apart. */

const place = (accountId: string) => `offhook.extension.${accountId}`;

/** Empty when none is known. */
export function rememberedExtension(accountId: string): string {
  return localStorage.getItem(place(accountId)) ?? "";
}

export function rememberExtension(accountId: string, extension: string): void {
  localStorage.setItem(place(accountId), extension);
}
