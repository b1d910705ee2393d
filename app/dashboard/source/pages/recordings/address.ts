/** Where a recording is fetched from. */

/** The path of a signed address. The service may be known to itself by another name than to this browser (a proxy, an
 * alias), and pages of this origin may load from it alone; what is signed is the path. */
export function pathOf(signed: string): string {
  const url = new URL(signed);
  return url.pathname + url.search;
}

/** How long an address is good for, in milliseconds; with some time left to begin. */
export function isStale(expiresAt: string, now: number, spareSeconds = 30): boolean {
  return Date.parse(expiresAt) - now < spareSeconds * 1000;
}
