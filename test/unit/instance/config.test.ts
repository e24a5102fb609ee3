import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Directive } from '../../../src/instance/config/directive.ts';
import {
  DEFAULT_ZONE_SIZE,
  directives,
  propertyOf,
} from '../../../src/instance/config/directives.ts';
import { EVICTION_POLICIES } from '../../../src/instance/config/special.ts';
import { Config } from '../../../src/instance/config.ts';
import { ZONE_SIZE_MIN } from '../../../src/zone/layout.ts';
import { POLICIES } from '../../../src/zone/recency.ts';
import { REDIS_DEFAULTS, REDIS_SETS } from './redis-config.ts';

function shown(config: Config, name: string): string | undefined {
  return config.get([name])[0]?.[1];
}

describe('directives', () => {
  it('those of redis are there with its defaults', () => {
    const ours = new Map(new Config().get(['*']));
    for (const line of REDIS_DEFAULTS.trim().split('\n')) {
      const bar = line.indexOf('|');
      const name = line.slice(0, bar);
      expect([name, ours.get(name)]).toEqual([name, line.slice(bar + 1)]);
      ours.delete(name);
    }
    expect(Object.fromEntries(ours)).toEqual({
      port: '6379',
      maxmemory: String(DEFAULT_ZONE_SIZE), // 0 in redis: a zone has a size.
      save: '3600 1 300 100 60 10000',
      dir: '.',
      zone: 'sessions 67108864 allkeys-lru',
      'client-output-pause': String(256 * 2 ** 20),
      'lua-memory-limit': String(256 * 2 ** 20),
      'session-zone': 'sessions',
      'session-prefix': '',
      'session-suffix': '',
      'session-stale-ttl': '10',
      'tls-handshake-timeout': '30',
      'hide-user-data-from-log': 'no', // Of Redis 7.4.
    });
  });

  it('values are taken, refused and shown as redis does', () => {
    const config = new Config();
    for (const line of REDIS_SETS.trim().split('\n')) {
      const [name, value, answer, shownAfter] = line.split('|');
      const failure = config.set([[name, value]], false);
      const ours = failure === undefined ? 'OK' : 'reason' in failure ? failure.reason : 'unknown';
      expect([name, value, ours, shown(config, name)]).toEqual([name, value, answer, shownAfter]);
    }
  });

  it('each says what it does, or why nothing, in words of this project', () => {
    for (const [name, directive] of Object.entries(directives)) {
      const words = 'doc' in directive ? directive.doc : directive.ignored;
      expect(words.length, name).toBeGreaterThan(10);
      expect(words, name).not.toContain('|');
    }
  });

  it('each is a property of values, under its own name', () => {
    const { values } = new Config();
    const properties = Object.keys(directives).map(propertyOf);
    expect(new Set(properties).size).toBe(properties.length);
    expect(Object.keys(values).sort()).toEqual(properties.sort());
    expect(propertyOf('client-output-buffer-limit')).toBe('clientOutputBufferLimit');
    expect(propertyOf('server_cpulist')).toBe('serverCpulist');
  });

  it('those that are said to act are read by what acts, and no others', () => {
    // Types that are on their way: their directives are told of as they will be.
    const isExpected = (name: string) => /^(set-max|stream-node)-/.test(name);
    const code = sourcesBut('src/instance/config/');
    for (const [name, directive] of Object.entries<Directive<unknown>>(directives)) {
      if (directive.hidden || isExpected(name)) continue;
      const property = propertyOf(name);
      // Words such as `save` stand elsewhere too: what is said to do nothing is looked for as a value.
      const reading = `values\\.${property}\\b|\\{[^}]*\\b${property}\\b[^}]*\\} = [\\w.]*values\\b`;
      const isActing = 'doc' in directive;
      const isRead = new RegExp(isActing ? `\\b${property}\\b` : reading).test(code);
      expect.soft([name, isActing]).toEqual([name, isRead]);
    }
  });

  it('each initial state is one that a line could give', () => {
    for (const [name, directive] of Object.entries<Directive<unknown>>(directives)) {
      if (directive.initial === undefined) continue;
      const words = directive.takesWords ? directive.initial.split(' ') : [directive.initial];
      const before = directive.adds === 'always' ? directive.initial : undefined;
      expect([name, directive.parse(words, before)]).toEqual([name, directive.initial]);
    }
  });

  it('policies and the least size of a zone are those the zone knows', () => {
    expect([...EVICTION_POLICIES].sort()).toEqual([...POLICIES].sort());
    const sizes = [ZONE_SIZE_MIN, ZONE_SIZE_MIN - 1].map((size) => {
      try {
        return directives.zone.parse(['z', String(size)], '');
      } catch {
        return 'refused';
      }
    });
    expect(sizes).toEqual([`z ${ZONE_SIZE_MIN} allkeys-lru`, 'refused']);
  });

  it('a zone is as large as a zone must be; of the default one less can be said', () => {
    const config = new Config();
    const reason = 'a zone must have at least 256kb';
    expect(() => config.load('zone', ['z', '262143'], true)).toThrow(
      expect.objectContaining({ reason }),
    );
    for (const size of ['0', '1', '262144']) {
      expect(config.set([['maxmemory', size]], false)).toBeUndefined();
      expect(config.values.maxmemory).toBe(Number(size));
    }
  });
});

/** All code of the product but that of a folder. */
function sourcesBut(folder: string): string {
  const root = join(import.meta.dirname, '../../..');
  return ['src', 'commands']
    .flatMap((top) =>
      readdirSync(join(root, top), { recursive: true }).map((path) => `${top}/${path}`),
    )
    .filter((path) => path.endsWith('.ts') && !path.startsWith(folder))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
}

describe('values', () => {
  it('have types of their own', () => {
    const config = new Config();
    expect(config.values).toMatchObject({
      port: 6379,
      bind: ['*', '-::*'],
      protectedMode: true,
      unixsocket: undefined,
      unixsocketperm: 0,
      maxmemoryPolicy: 'noeviction',
      zone: [{ name: 'sessions', size: 64 * 1024 * 1024, policy: 'allkeys-lru' }],
      sessionPrefix: undefined,
      shutdownOnSigterm: ['default'],
      save: [
        { seconds: 3600, changes: 1 },
        { seconds: 300, changes: 100 },
        { seconds: 60, changes: 10000 },
      ],
      clientOutputBufferLimit: {
        normal: { hard: 0, soft: 0, softSeconds: 0 },
        replica: { hard: 268435456, soft: 67108864, softSeconds: 60 },
        pubsub: { hard: 33554432, soft: 8388608, softSeconds: 60 },
      },
      latencyTrackingInfoPercentiles: [50, 99, 99.9],
    });
  });

  it('follow CONFIG SET', () => {
    const { values, ...config } = configWithSet();
    config.set('maxmemory-clients', '5%');
    expect(values.maxmemoryClients).toBe(-5);
    config.set('maxclients', '7');
    expect(values.maxclients).toBe(7);
    config.set('notify-keyspace-events', 'An');
    expect(values.notifyKeyspaceEvents).toBe('An'); // Redis acts on the n, but doesn't show it.
    config.set('requirepass', 'x');
    config.set('requirepass', '');
    expect(values.requirepass).toBeUndefined();
    config.set('session-prefix', '');
    expect(values.sessionPrefix).toBe('');
    config.set('bind', '');
    expect(values.bind).toEqual([]);
  });

  it('that are octal are read as such', () => {
    const config = new Config();
    config.load('unixsocketperm', ['750'], true);
    expect([config.values.unixsocketperm, shown(config, 'unixsocketperm')]).toEqual([0o750, '750']);
  });

  it('that are paths are text of the system', () => {
    const config = new Config();
    config.load('pidfile', ['/run/\xc3\xbc.pid'], true);
    expect(config.values.pidfile).toBe('/run/ü.pid');
  });

  function configWithSet() {
    const config = new Config();
    return {
      values: config.values,
      set: (name: string, value: string) => {
        expect(config.set([[name, value]], false)).toBeUndefined();
      },
    };
  }
});

describe('lines that add to others', () => {
  it('save replaces the default points once, then adds', () => {
    const config = new Config();
    config.load('save', ['60', '1'], true);
    config.load('save', ['10', '2'], false);
    expect(config.show('save')).toBe('60 1 10 2');
    config.load('save', [''], false);
    expect(config.show('save')).toBe('');
  });

  it('CONFIG SET save replaces them all', () => {
    const config = new Config();
    config.set([['save', '1 1']], false);
    config.set([['save', '2 2']], false);
    expect(config.show('save')).toBe('2 2');
  });

  it('zones are named once, in the order of their first mention', () => {
    const config = new Config();
    config.load('zone', ['cache', '1mb', 'ALLKEYS-LFU'], true);
    config.load('zone', ['sessions', '16mb'], false);
    expect(config.show('zone')).toBe('sessions 16777216 allkeys-lru cache 1048576 allkeys-lfu');
  });

  const refused: [words: string[], reason: RegExp][] = [
    [['z'], /wrong number of arguments/],
    [['z', '1mb', 'noeviction', 'x'], /wrong number of arguments/],
    [['16', '1mb'], /'16' can't be the name of a zone/],
    [['default', '1mb'], /can't be the name/],
    [['a b', '1mb'], /can't be the name/],
    [['z', '1kb'], /at least 256kb/],
    [['z', 'big'], /must be a memory value/],
    [['z', '1mb', 'lru'], /must be one of the following: volatile-lru/],
  ];
  for (const [words, reason] of refused) {
    it(`zone ${words.join(' ')} is refused`, () => {
      let thrown: unknown;
      try {
        new Config().load('zone', words, true);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ reason: expect.stringMatching(reason) });
    });
  }
});

describe('CONFIG GET', () => {
  it('answers a name as it was asked, patterns with the names, each once', () => {
    const config = new Config();
    expect(config.get(['HZ', 'h?', 'Port', 'PORT'])).toEqual([
      ['HZ', '10'],
      ['Port', '6379'],
    ]);
    expect(config.get(['h?', 'HZ'])).toEqual([['hz', '10']]);
    expect(config.get(['HZ*'])).toEqual([['hz', '10']]);
  });

  it('shows an older name beside the newer one', () => {
    const names = new Config().get(['hash-max-*']).map(([name]) => name);
    expect(names).toEqual([
      'hash-max-listpack-entries',
      'hash-max-ziplist-entries',
      'hash-max-listpack-value',
      'hash-max-ziplist-value',
    ]);
  });

  it('finds hidden ones by their full name only', () => {
    const config = new Config();
    expect(config.get(['watchdog*'])).toEqual([]);
    expect(config.get(['watchdog-period'])).toEqual([['watchdog-period', '0']]);
    expect(config.get(['no-such'])).toEqual([]);
  });
});

describe('CONFIG SET', () => {
  const failures: [pairs: [string, string][], failure: object][] = [
    [[['Foo', 'x']], { unknown: 'Foo' }],
    [[['PORT', 'x']], { argument: 'port', reason: "argument couldn't be parsed into an integer" }],
    [[['PiDfile', 'x']], { argument: 'PiDfile', reason: "can't set immutable config" }],
    [[['zone', 'a 1mb']], { argument: 'zone', reason: "can't set immutable config" }],
    [[['Dir', '/']], { argument: 'Dir', reason: "can't set protected config" }],
    [
      [
        ['hz', '1'],
        ['HZ', '2'],
      ],
      { argument: 'HZ', reason: 'duplicate parameter' },
    ],
    [
      [
        ['hz', 'x'],
        ['foo', '1'],
      ],
      { unknown: 'foo' },
    ],
    [
      [
        ['pidfile', 'x'],
        ['foo', '1'],
      ],
      { argument: 'pidfile', reason: "can't set immutable config" },
    ],
    [
      [['session-zone', 'none']],
      { argument: 'session-zone', reason: "no zone 'none' is declared" },
    ],
  ];
  for (const [pairs, failure] of failures) {
    it(`${JSON.stringify(pairs)} fails with ${JSON.stringify(failure)}`, () => {
      const config = new Config();
      const before = config.get(['*']);
      expect(config.set([['timeout', '5'], ...pairs], false)).toEqual(failure);
      expect(config.get(['*'])).toEqual(before);
    });
  }

  it('takes an older and a newer name together, the last one counts', () => {
    const config = new Config();
    const pairs: [string, string][] = [
      ['list-max-listpack-size', '5'],
      ['list-max-ziplist-size', '6'],
    ];
    expect(config.set(pairs, false)).toBeUndefined();
    expect(config.values.listMaxListpackSize).toBe(6);
  });

  it('sets guarded ones for those who may', () => {
    const config = new Config();
    expect(config.set([['dbfilename', 'a.rdb']], true)).toBeUndefined();
    expect(config.set([['dbfilename', 'a/b']], true)).toEqual({
      argument: 'dbfilename',
      reason: "dbfilename can't be a path, just a filename",
    });
    expect(config.values.dbfilename).toBe('a.rdb');
  });

  it('takes what CONFIG GET says, also of zones, which are fixed', () => {
    const config = new Config();
    const pairs = config.get(['zone', 'hz']);
    expect(config.set([...pairs, ['port', '7000']], false)).toBeUndefined();
    expect(config.values.port).toBe(7000);
    expect(config.get(['zone', 'hz'])).toEqual(pairs);
  });

  it('tells a listener once, with all values in place, and only of a change', () => {
    const config = new Config();
    const told: string[] = [];
    config.onChange(['port', 'bind'], {
      check: ({ port, bind }) => void told.push(`check ${port} ${bind}`),
      apply: ({ port, bind }) => void told.push(`apply ${port} ${bind}`),
    });
    const set = (...pairs: [string, string][]) => config.set(pairs, false);
    set(['port', '7000'], ['bind', '::1']);
    set(['port', '7000']);
    set(['timeout', '1']);
    expect(told).toEqual(['check 7000 ::1', 'apply 7000 ::1']);
  });

  it('a refused check puts everything back before anyone has acted', () => {
    const config = new Config();
    const told: string[] = [];
    config.onChange('port', { apply: () => void told.push('applied') });
    config.onChange('maxclients', { check: ({ maxclients }) => `not ${maxclients}` });
    const pairs: [string, string][] = [
      ['port', '7000'],
      ['maxclients', '9'],
    ];
    expect(config.set(pairs, false)).toEqual({ argument: 'maxclients', reason: 'not 9' });
    expect([told, config.values.port, config.values.maxclients]).toEqual([[], 6379, 10000]);
  });

  it('a refused apply puts everything back, and those who acted act again', () => {
    const config = new Config();
    const told: string[] = [];
    config.onChange('timeout', { apply: ({ timeout }) => void told.push(`timeout ${timeout}`) });
    config.onChange('port', {
      apply({ port }) {
        told.push(`port ${port}`);
        return port === 1 ? 'Unable to listen on this port. Check server logs.' : undefined;
      },
    });
    config.onChange('hz', { apply: ({ hz }) => void told.push(`hz ${hz}`) });
    const pairs: [string, string][] = [
      ['timeout', '9'],
      ['port', '1'],
      ['hz', '50'],
    ];
    expect(config.set(pairs, false)).toEqual({
      argument: 'port',
      reason: 'Unable to listen on this port. Check server logs.',
    });
    expect(told).toEqual(['timeout 9', 'port 1', 'timeout 0', 'port 6379']);
    expect(config.values).toMatchObject({ timeout: 0, port: 6379, hz: 10 });
  });

  it('files of certificates are applied even when the path is the same', () => {
    const config = new Config();
    let count = 0;
    config.onChange('tls-cert-file', { apply: () => void count++ });
    config.set([['tls-cert-file', 'a']], false);
    config.set([['tls-cert-file', 'a']], false);
    expect(count).toBe(2);
  });

  it('dir moves the process, and back when something else is refused', () => {
    const moves: string[] = [];
    let current = '/here';
    const directory = {
      current: () => current,
      enter(path: string) {
        if (path === '/none') throw Object.assign(new Error('?'), { errno: -2 });
        if (path !== '.') moves.push((current = path));
      },
    };
    const config = new Config({ directory });
    expect(config.show('dir')).toBe('/here');
    expect(config.set([['dir', '/none']], true)).toEqual({
      argument: 'dir',
      reason: 'No such file or directory',
    });
    const pairs: [string, string][] = [
      ['dir', '/there'],
      ['hz', 'x'],
    ];
    expect(config.set(pairs, true)).toMatchObject({ argument: 'hz' });
    expect([moves, config.values.dir]).toEqual([['/here', '/there', '/here'], '/here']);
  });
});

describe('what else is asked', () => {
  it('secrets are known by any of their names', () => {
    const config = new Config();
    expect(['requirepass', 'MASTERAUTH', 'port', 'x'].map((n) => config.isSensitive(n))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('what is set but does nothing is told with its reason', () => {
    const config = new Config();
    expect(config.withoutEffect()).toEqual([]);
    config.set([['activedefrag', 'yes']], false);
    config.set([['timeout', '9']], false);
    // These ask for nothing, so there is nothing to tell.
    config.set([['save', '']], false);
    config.set([['rdbcompression', 'no']], false);
    expect(config.withoutEffect()).toEqual([
      { name: 'activedefrag', reason: 'a zone has no fragmentation to undo' },
    ]);
  });
});
