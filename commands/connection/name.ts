/** Names that clients give themselves: what stands in CLIENT LIST must not break its lines. */

import { errors } from '../../src/resp/errors.ts';

/** Text as C sees it: up to the first NUL. */
function upToNul(text: string): string {
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

/** Whether text has only visible ASCII: no spaces, no line ends. */
export function isVisible(text: string): boolean {
  return /^[!-~]*$/.test(upToNul(text));
}

/** Refuses a name for a client. */
export function checkName(name: string): void {
  if (!isVisible(name)) throw errors.clientNameCharacters;
}
