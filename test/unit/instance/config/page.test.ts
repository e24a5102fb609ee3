import { describe, expect, it } from 'vitest';
import { configurationPage } from '../../../../docs/generate/configuration.ts';

const page = configurationPage();

describe('the page about configuration', () => {
  const rows = [
    '| `port` | integer, 0 to 65535 | `6379` | yes | TCP port to listen on; 0 is none. |',
    '| `unixsocketperm` | octal, 0 to 777 | `0` | no |',
    '| `maxmemory` | memory, 0 or more | `512mb` | yes |',
    '| `requirepass` | string | none | yes |',
    '| `bind` | addresses | `* -::*` | yes |',
    '| `hash-max-listpack-entries`, also `hash-max-ziplist-entries` | integer, 0 or more | `512` |',
    '| `normal 0 0 0`, `replica 256mb 64mb 60`, `pubsub 32mb 8mb 60` | yes |',
    '| `sessions 64mb allkeys-lru` | no |',
    '| `dir` | path | where it was started | guarded |',
    '`save` | pairs of seconds and changes | `3600 1`, `300 100`, `60 10000` | yes | Saves by itself',
  ];
  for (const row of rows) {
    it(`has ${row}`, () => {
      expect(page).toContain(row);
    });
  }

  it('leaves out what redis has for its own tests', () => {
    expect(page).not.toContain('watchdog-period');
  });
});
