/** Versions: ours, and that of the Redis we behave as. */

import { createRequire } from 'node:module';

interface Package {
  readonly version: string;
}

const require = createRequire(import.meta.url);

function ownVersion(): string {
  // From dist it is one folder up, from the sources two, from what tsc made of them three.
  for (const path of ['../package.json', '../../package.json', '../../../package.json']) {
    try {
      const found = require(path) as Package & { readonly name: string };
      if (found.name === 'zonis') return found.version;
    } catch {
      // The other place, then.
    }
  }
  return '0.0.0';
}

export const version = ownVersion();

/** What INFO and HELLO tell clients that look for features by version. */
export const REDIS_VERSION = '7.2.6';
