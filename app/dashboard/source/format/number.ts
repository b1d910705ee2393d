/** What was typed as a number, as the API takes it: no separators, `+` for `00`. Whether it is one, the API says. */
export function typedNumber(text: string): string {
  const bare = text.trim().replace(/[\s().\-/\u00a0\u2010-\u2015]/g, "");
  return bare.replace(/^00(?=\d)/, "+");
}
