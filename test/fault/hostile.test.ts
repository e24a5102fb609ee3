/**
 * Clients that mean harm, or behave as if they did; beside each of them one that behaves well and is
 * answered all the time, and the memory of the process measured when they have gone.
 *
 * ZONIS_HOSTILE multiplies how many there are and how much they send.
 */

import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/std/random.ts';
import type { StartedProgram } from '../support/built.ts';
import { eventually as within } from '../support/clock.ts';
import { type Arg, encode, RespClient } from '../support/resp-client.ts';
import { useBuild } from '../support/restarts.ts';

const SCALE = Number(process.env.ZONIS_HOSTILE ?? 1);
const MiB = 1024 * 1024;
const CLIENTS_MAX = 400 * SCALE;
/** MiB that those who announce and do not send may make the process take at its height. */
const ATTACK_MAX = 150;
/**
 * What the process may take more than when it had served one client: a zone and an interpreter
 * filled, the compiled code of commands that were not run yet, and what a collector has not given
 * back. What attackers have asked for, and had for a while, are gigabytes.
 */
const GROWTH_MAX = 400 * MiB;
/** In the long form all comes twice, and the second time next to nothing may be added. */
const PASSES = SCALE > 1 ? 2 : 1;
const GROWTH_AGAIN_MAX = 100 * MiB;

/** Nobody is timed: this only says when to give up. */
const LIMIT_MS = 20_000 * SCALE;
const eventually = (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> =>
  within(what, isSo, LIMIT_MS);

const build = useBuild();
let program: StartedProgram;
let admin: RespClient;

beforeAll(async () => {
  program = await build.start([
    ...['--save', '', '--maxmemory', '64mb', '--maxclients', String(CLIENTS_MAX)],
    ...['--client-output-buffer-limit', 'normal', '8mb', '0', '0'],
    ...['--client-output-buffer-limit', 'pubsub', '4mb', '0', '0'],
    ...[
      '--tracking-table-max-keys',
      '1000',
      '--lua-memory-limit',
      '32mb',
      '--busy-reply-threshold',
      '200',
    ],
  ]);
  admin = await RespClient.connect(program.address, 60_000);
  await admin.call('SET', 'large', 'v'.repeat(MiB));
}, 60_000);

afterAll(async () => {
  admin?.close();
  await program?.kill();
});

// ── Who is there ────────────────────────────────────────────────────────────────────────────────

/** Bytes of memory that the process has. */
async function resident(): Promise<number> {
  return Number(await field('memory', 'used_memory_rss'));
}

async function field(section: string, name: string): Promise<string> {
  const { text } = (await admin.call('INFO', section)).tree;
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(text ?? '')?.[1] ?? '';
}

let visits = 0;

/** A client that behaves well: writes and reads, one after the other, until it is told to stop. */
class Visitor {
  answered = 0;
  #isOver = false;
  readonly #key = `visitor:${visits++}`;
  readonly #done: Promise<void>;

  constructor() {
    this.#done = this.#visit();
  }

  async #visit(): Promise<void> {
    const client = await RespClient.connect(program.address);
    try {
      while (!this.#isOver) {
        const value = String(this.answered);
        const { raw } = await client.call('SET', this.#key, value);
        // That a script is busy is an answer.
        if (raw.startsWith('-BUSY ')) continue;
        expect(raw).toBe('+OK\r\n');
        const { tree } = await client.call('GET', this.#key);
        if (tree.type === '$') expect(tree.text).toBe(value);
        this.answered++;
      }
      await client.call('DEL', this.#key);
    } finally {
      client.close();
    }
  }

  async leave(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }
}

class Attacker {
  static readonly all: Attacker[] = [];
  readonly socket: Socket;
  received = '';
  isClosed = false;

  constructor(port = program.address.port) {
    this.socket = connect({ host: '127.0.0.1', port });
    this.socket.setEncoding('latin1');
    this.socket.on('error', () => {});
    Attacker.all.push(this);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static many(count: number): Attacker[] {
    return Array.from({ length: count * SCALE }, () => new Attacker());
  }

  /** Sends bytes as they are; what comes back is kept, up to a point. */
  send(bytes: string): this {
    if (this.socket.listenerCount('data') === 0) {
      this.socket.on('data', (text) => {
        if (this.received.length < MiB) this.received += String(text);
      });
    }
    this.socket.write(bytes, 'latin1');
    return this;
  }

  /** Sends bytes, and never reads. */
  shout(bytes: string): this {
    this.socket.pause();
    this.socket.write(bytes, 'latin1');
    return this;
  }

  leave(): void {
    this.socket.destroy();
  }

  async closed(): Promise<this> {
    await eventually('it is closed', () => this.isClosed);
    return this;
  }

  async hears(text: string): Promise<this> {
    await eventually(`it hears ${text}`, () => this.received.includes(text));
    return this;
  }
}

/** How many clients were closed for what they had not read. */
function disconnections(): number {
  return program.log.split('for overcoming of output buffer limits').length - 1;
}

const leave = (all: readonly Attacker[]): void => {
  for (const one of all) one.leave();
};

const times = (count: number, make: (i: number) => readonly Arg[]): string =>
  Array.from({ length: count }, (_, i) => encode(make(i))).join('');

/** What each does. It is over when nobody of them is connected any more. */
const attacks: Record<string, () => Promise<void>> = {
  async 'readers that never read are closed at their limit'() {
    const before = disconnections();
    const all = Attacker.many(20);
    for (const one of all) one.shout(times(40, () => ['GET', 'large']));
    await eventually('all are closed', () => disconnections() === before + all.length);
    leave(all);
  },

  async 'writers that send a byte at a time are answered in the end'() {
    const all = Attacker.many(20);
    for (const byte of encode(['SET', 'slowly', 'v'.repeat(50)])) {
      for (const one of all) one.send(byte);
      await admin.call('PING');
    }
    await Promise.all(all.map((one) => one.hears('+OK')));
    leave(all);
  },

  async 'half a request, and no more'() {
    const all = Attacker.many(200);
    for (const one of all) one.send('*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$100000\r\nv');
    await admin.call('PING');
    leave(all);
  },

  async 'more clients than there may be'() {
    const all = Attacker.many(CLIENTS_MAX / SCALE + 20);
    for (const one of all) one.send(encode(['PING']));
    await eventually('some are refused', () => all.filter((one) => one.isClosed).length >= 20);
    const refused = all.filter((one) => one.isClosed);
    for (const { received } of refused) {
      expect(received).toBe('-ERR max number of clients reached\r\n');
    }
    leave(all);
  },

  async 'clients that come and go'() {
    for (let i = 0; i < 20 * SCALE; i++) {
      const all = Attacker.many(20 / SCALE);
      await Promise.all(all.map((one) => one.send(encode(['PING'])).hears('+PONG')));
      leave(all);
    }
  },

  async 'half a gigabyte that is announced and does not come'() {
    const before = await resident();
    const all = Attacker.many(100);
    for (const one of all) one.send('*2\r\n$4\r\nECHO\r\n$536870912\r\nv');
    for (const one of all) one.send('v'.repeat(100));
    await admin.call('PING');
    // A megabyte is allocated ahead of what has come, at most.
    expect((await resident()) - before).toBeLessThan(ATTACK_MAX * SCALE * MiB);
    leave(all);
  },

  async 'sizes and counts that can not be'() {
    const wrong: Record<string, string> = {
      '*2\r\n$4\r\nECHO\r\n$536870913\r\n': 'invalid bulk length',
      '*2\r\n$4\r\nECHO\r\n$-1\r\n': 'invalid bulk length',
      '*1\r\n$99999999999999999999\r\n': 'invalid bulk length',
      '*2147483648\r\n': 'invalid multibulk length',
      '*1\r\n!\r\n': "expected '$', got '!'",
    };
    for (const [bytes, reason] of Object.entries(wrong)) {
      const one = await new Attacker().send(bytes).closed();
      expect(one.received).toBe(`-ERR Protocol error: ${reason}\r\n`);
    }
  },

  async 'garbage of all bytes'() {
    const random = new SeededRandom(7);
    const all = Attacker.many(50);
    for (const one of all) {
      for (let i = 0; i < 20; i++) {
        one.send(
          Array.from({ length: 500 }, () => String.fromCharCode(random.below(256))).join(''),
        );
      }
    }
    await admin.call('PING');
    leave(all);
  },

  async 'a line that does not end'() {
    const all = Attacker.many(20);
    for (const one of all) one.send('x'.repeat(70_000));
    for (const one of all) {
      await one.closed();
      expect(one.received).toBe('-ERR Protocol error: too big inline request\r\n');
    }
  },

  async 'a browser that was sent here'() {
    for (const line of ['POST / HTTP/1.1', 'Host: 127.0.0.1']) {
      const one = await new Attacker().send(`${line}\r\n${encode(['SET', 'evil', '1'])}`).closed();
      expect(one.received).toBe('');
    }
    expect((await admin.call('EXISTS', 'evil')).raw).toBe(':0\r\n');
  },

  async 'patterns that try every way'() {
    const name = 'a'.repeat(60);
    await admin.call('SET', name, '1');
    const pattern = `${'a*'.repeat(40)}b`;
    const all = Attacker.many(4);
    for (const one of all) one.send(times(5, () => ['KEYS', pattern]));
    for (const one of all) await one.hears('*0\r\n'.repeat(5));
    leave(all);
    await admin.call('DEL', name);
  },

  async 'scripts with tables in tables, and strings of any size'() {
    const scripts = [
      "return cjson.decode(string.rep('[', 100000))",
      'local t = {} for i = 1, 100000 do t = {t} end return cjson.encode(t)',
      'local t = {} for i = 1, 100000 do t = {t} end return cmsgpack.pack(t)',
      'return cmsgpack.unpack(string.rep(string.char(0x91), 100000))',
      'local function f() return f() + 1 end return f()',
      "return string.rep('some text', 1e7)",
      "return string.find(string.rep('a', 30000), string.rep('a?', 30000) .. 'b')",
    ];
    for (const script of scripts) {
      const one = new Attacker().send(encode(['EVAL', script, 0]));
      await eventually('an answer', () => one.received.length > 0);
      expect([script, one.received]).toEqual([script, expect.stringMatching(/^[-*$]/)]);
      one.leave();
    }
  },

  async 'a script that does not end'() {
    const one = new Attacker().send(encode(['EVAL', 'while true do end', 0]));
    await eventually('others hear that it is busy', async () => {
      const { raw } = await admin.call('PING');
      return raw.startsWith('-BUSY');
    });
    expect((await admin.call('SCRIPT', 'KILL')).raw).toBe('+OK\r\n');
    await one.hears('killed by user');
    one.leave();
  },

  async 'names that a hash without a key would put in one place'() {
    // Each pair is the same to a hash that multiplies by 31 and adds.
    const names = Array.from({ length: 2 ** 14 }, (_, i) =>
      i.toString(2).padStart(14, '0').replaceAll('0', 'Aa').replaceAll('1', 'BB'),
    );
    const one = new Attacker();
    one.send(times(names.length, (i) => ['SADD', 'names', names[i]]));
    one.send(times(names.length, (i) => ['SET', names[i], '1']));
    one.send(encode(['ECHO', 'done']));
    await one.hears('done');
    one.send(times(names.length, (i) => ['DEL', names[i]])).send(encode(['DEL', 'names']));
    one.send(encode(['ECHO', 'gone']));
    await one.hears('gone');
    one.leave();
  },

  async 'a pipeline of a hundred thousand requests'() {
    const count = 100_000 * SCALE;
    const one = new Attacker();
    let received = 0;
    one.socket.on('data', (text) => {
      received += String(text).length;
    });
    one.send('PING\r\n'.repeat(count));
    await eventually('all answers', () => received === count * '+PONG\r\n'.length);
    one.leave();
  },

  async 'names of any bytes, and of any size'() {
    const random = new SeededRandom(8);
    const client = await RespClient.connect(program.address);
    const names = Array.from({ length: 200 }, (_, i) =>
      Array.from({ length: i * 3 }, () => String.fromCharCode(random.below(256))).join(''),
    );
    for (const name of [...names, 'n'.repeat(100_000)]) {
      expect((await client.call('SET', name, 'v')).raw).toBe('+OK\r\n');
      expect((await client.call('GET', name)).tree.text).toBe('v');
      expect((await client.call('PUBLISH', name, 'v')).raw).toBe(':0\r\n');
      expect((await client.call('DEL', name)).raw).toBe(':1\r\n');
    }
    expect((await client.call('CLIENT', 'SETNAME', 'a b')).raw).toMatch(/^-ERR /);
    client.close();
  },

  async 'transactions that only grow are closed at maxmemory-clients'() {
    await admin.call('CLIENT', 'NO-EVICT', 'on');
    await admin.call('CONFIG', 'SET', 'maxmemory-clients', '20mb');
    const all = Attacker.many(5);
    for (const one of all) one.send(encode(['MULTI']));
    const more = times(1000, () => ['SET', 'k', 'v'.repeat(1000)]);
    await eventually('all but the last are closed', async () => {
      for (const one of all) if (!one.isClosed) one.send(more);
      await admin.call('PING');
      return all.every((one) => one.isClosed);
    });
    await admin.call('CONFIG', 'SET', 'maxmemory-clients', '0');
  },

  async 'a client that watches very many keys'() {
    const one = new Attacker();
    for (let i = 0; i < 50; i++) {
      one.send(encode(['WATCH', ...Array.from({ length: 1000 }, (_, j) => `watched:${i}:${j}`)]));
    }
    await one.hears('+OK\r\n'.repeat(50));
    one.leave();
  },

  async 'clients that listen to very much'() {
    const all = Attacker.many(4);
    for (const one of all) {
      one.send(encode(['SUBSCRIBE', ...Array.from({ length: 5000 }, (_, i) => `channel:${i}`)]));
      one.send(encode(['PSUBSCRIBE', ...Array.from({ length: 2000 }, (_, i) => `p*a*${i}`)]));
    }
    for (const one of all) await one.hears(':7000\r\n');
    expect((await admin.call('PUBLISH', 'channel:7', 'x')).raw).toBe(`:${all.length}\r\n`);
    leave(all);
    await eventually('nobody listens', async () => {
      return (await admin.call('PUBSUB', 'CHANNELS')).raw === '*0\r\n';
    });
  },

  async 'listeners that never read are closed at their limit'() {
    const all = Attacker.many(10);
    for (const one of all) one.shout(encode(['SUBSCRIBE', 'news']));
    const news = 'n'.repeat(100_000);
    // Nothing is published before all listen: the first would be closed before the last has come.
    await eventually('all listen', async () => {
      const { raw } = await admin.call('PUBSUB', 'NUMSUB', 'news');
      return raw.endsWith(`:${all.length}\r\n`);
    });
    await eventually('all are closed', async () => {
      return (await admin.call('PUBLISH', 'news', news)).raw === ':0\r\n';
    });
    leave(all);
  },

  async 'a monitor that never reads is closed at its limit'() {
    const one = new Attacker().shout(encode(['MONITOR']));
    const value = 'v'.repeat(100_000);
    const before = disconnections();
    await eventually('it is closed', async () => {
      await admin.call('SET', 'shown', value);
      return disconnections() > before;
    });
    one.leave();
    await admin.call('DEL', 'shown');
  },

  async 'clients that wait for keys that do not come'() {
    const all = Attacker.many(200);
    for (const one of all) one.send(encode(['BLPOP', 'never:1', 'never:2', 0]));
    await eventually(
      'all wait',
      async () => (await field('clients', 'blocked_clients')) === String(all.length),
    );
    leave(all);
    await eventually('none does', async () => (await field('clients', 'blocked_clients')) === '0');
  },

  async 'a client that tracks more keys than are remembered'() {
    const one = new Attacker();
    one.send(encode(['HELLO', 3])).send(encode(['CLIENT', 'TRACKING', 'ON']));
    one.send(times(20_000, (i) => ['GET', `tracked:${i}`])).send(encode(['ECHO', 'done']));
    await one.hears('done');
    expect(Number(await field('stats', 'tracking_total_keys'))).toBeLessThanOrEqual(1000);
    one.leave();
  },

  async 'users with very many rules'() {
    const rules = Array.from({ length: 5000 }, (_, i) => `~key:${i}:*`);
    expect((await admin.call('ACL', 'SETUSER', 'many', 'on', '>p', '+@all', ...rules)).raw).toBe(
      '+OK\r\n',
    );
    const one = new Attacker().send(encode(['AUTH', 'many', 'p']));
    one.send(times(200, () => ['GET', 'other'])).send(encode(['ECHO', 'done']));
    await one.hears('done');
    one.leave();
    await admin.call('ACL', 'DELUSER', 'many');
  },

  async 'requests that ask for more than there is'() {
    const one = new Attacker();
    one
      .send(encode(['SETRANGE', 'k', 536870911, 'x']))
      .send(encode(['SETBIT', 'k', 4294967295, 1]));
    one
      .send(encode(['SRANDMEMBER', 'none', -1e15]))
      .send(encode(['LPOS', 'none', 'x', 'COUNT', 0]));
    one.send(encode(['BITFIELD', 'k', 'SET', 'u8', '#999999999', 1]));
    one.send(encode(['ECHO', 'done']));
    await one.hears('done');
    expect(one.received).toContain('-OOM ');
    one.leave();
  },
};

/** Has it happen beside a visitor, and waits until those who did it have gone. */
async function endure(attack: () => Promise<void>): Promise<void> {
  const visitor = new Visitor();
  await eventually('it is there', () => visitor.answered > 0);
  const { answered } = visitor;
  try {
    await attack();
    await eventually('it was answered', () => visitor.answered > answered);
  } finally {
    for (const one of Attacker.all.splice(0)) one.leave();
    await visitor.leave();
  }
  await eventually(
    'all have gone',
    async () => (await field('clients', 'connected_clients')) === '1',
  );
}

describe('others are served, and nothing stays behind', () => {
  let before: number;

  beforeAll(async () => {
    const visitor = new Visitor();
    await eventually('it is served', () => visitor.answered > 1000);
    await visitor.leave();
    before = await resident();
  });

  for (let pass = 1; pass <= PASSES; pass++) {
    for (const [name, attack] of Object.entries(attacks)) {
      it(pass === 1 ? name : `${name}, again`, { timeout: 4 * LIMIT_MS }, () => endure(attack));
    }

    const title = `the process is about as large as before, and the zone is whole (${pass})`;
    it(title, { timeout: 4 * LIMIT_MS }, async () => {
      const most = before + (pass === 1 ? GROWTH_MAX : GROWTH_AGAIN_MAX);
      await eventually('memory is given back', async () => (await resident()) < most);
      expect((await admin.call('ZONE', 'AUDIT')).raw).toBe('+OK\r\n');
      before = await resident();
    });
  }
});
