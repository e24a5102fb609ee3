/** The families of commands, as the registry takes them: whatever a family exports is defined. */

import type { Definition } from '../src/dispatch/command.ts';
import * as generic from './generic.ts';
import * as string from './string.ts';

export const families: readonly (readonly Definition[])[] = [string, generic].map((family) =>
  Object.values(family),
);
