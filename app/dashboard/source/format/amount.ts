/** Sizes, shares and money; between a figure and its unit no line breaks. */

/** `812 B`, `1.2 MB`: powers of 1000, as file managers count. */
export function sizeOf(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit > 0 && size < 9.95 ? size.toFixed(1) : Math.round(size)}\u00a0${units[unit]}`;
}

/** `42 %`; a dash of nothing. */
export function shareOf(part: number, whole: number): string {
  if (whole <= 0) return "–";
  const percent = (part / whole) * 100;
  // What is not quite all must not read as all, nor a little as nothing.
  if (percent > 99 && percent < 100) return ">99\u00a0%";
  if (percent > 0 && percent < 1) return "<1\u00a0%";
  return `${Math.round(percent)}\u00a0%`;
}

/** `12.50 USD`, exactly as it was told, with the zeros that people expect. */
export function moneyOf(money: { readonly amount: string; readonly currency: string }): string {
  const [whole = "0", parts = ""] = money.amount.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${grouped}.${parts.padEnd(2, "0")}\u00a0${money.currency}`;
}
