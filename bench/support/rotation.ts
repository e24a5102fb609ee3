/**
 * Session rotation: what a web server does to its session store at every save.
 *
 * A user's session moves to a fresh id: the new record is stored, the old one is left 10 seconds
 * for requests under way, and the index of the user's sessions follows. Two ways to say it:
 *
 *   stock     what lua-resty-session 4.1.5 sends to Redis: `ttl old`, and when that has answered
 *             one pipeline of set, expire, zremrangebyscore, zadd, zrem, expire
 *   command   one SESSION.SET with OLD and META
 *
 * Every connection has users of its own and rotates them in turn, one at a time, each rotation
 * waiting for its replies (a closed loop). So the ids that exist at the end follow from the
 * number of rotations alone, and verify() can compare them with what the server holds.
 */

import { connect, type Socket } from 'node:net';
import { type Address, RespClient } from '../../test/support/resp-client.ts';
import { type Hole, type Pieces, Template } from './template.ts';

export type RotationStyle = 'stock' | 'command';

export interface RotationOptions {
  readonly style: RotationStyle;
  readonly connections: number;
  readonly users: number;
  readonly valueSize: number;
}

export const ROTATION: Omit<RotationOptions, 'style'> = {
  connections: 20,
  users: 1000,
  valueSize: 512,
};

export interface RotationSample {
  readonly rotations: number;
  readonly seconds: number;
  /** CPU time of this process per second of the run: near 1, the generator was the limit. */
  readonly generatorLoad: number;
}

export const ID_SIZE = 43;
const TTL = 3600;
const STALE = 10;
/** base64url of 'default', as the library sends it. */
const AUDIENCE = 'ZGVmYXVsdA';
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');

/**
 * The id of a user's session after so many rotations: 43 characters like 32 random bytes in
 * base64url. The last seven spell user and generation, so no two are ever the same.
 */
export function writeId(target: Uint8Array, user: number, generation: number): void {
  let word = (Math.imul(user + 1, 0x9e3779b1) ^ Math.imul(generation + 1, 0x85ebca6b)) | 1;
  for (let i = 0; i < ID_SIZE - 7; ) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    for (let bits = word >>> 2, end = i + 5; i < end && i < ID_SIZE - 7; i++, bits >>>= 6) {
      target[i] = ALPHABET[bits & 63];
    }
  }
  for (let i = 0; i < 3; i++) target[ID_SIZE - 7 + i] = ALPHABET[(user >>> (6 * i)) & 63];
  for (let i = 0; i < 4; i++) target[ID_SIZE - 4 + i] = ALPHABET[(generation >>> (6 * i)) & 63];
}

export function idOf(user: number, generation: number): string {
  const bytes = new Uint8Array(ID_SIZE);
  writeId(bytes, user, generation);
  return Buffer.from(bytes).toString('latin1');
}

/** base64url of a mail address, all of one size. */
export function subjectOf(user: number): string {
  return Buffer.from(`user${String(user).padStart(6, '0')}@example.com`).toString('base64url');
}

const SUBJECT_SIZE = subjectOf(0).length;

/** A session's value: its id, so that no two are the same, and filling. */
function valueAround(id: string | Hole, size: number): Pieces {
  return ['["', id, `${'A'.repeat(size - ID_SIZE - 4)}"]`];
}

export function sessionValue(id: string, size: number): string {
  return valueAround(id, size).join('');
}

const NEW: Hole = { hole: 'new', size: ID_SIZE };
const OLD: Hole = { hole: 'old', size: ID_SIZE };
const SUBJECT: Hole = { hole: 'subject', size: SUBJECT_SIZE };
const KEY: Pieces = ['session:', NEW];
const OLD_KEY: Pieces = ['session:', OLD];
const INDEX: Pieces = [`session:${AUDIENCE}:`, SUBJECT];

/** The requests of one rotation, in the order they are sent. `now` is in Unix seconds. */
export function rotationTemplates(style: RotationStyle, valueSize: number, now: number) {
  const value = valueAround(NEW, valueSize);
  const ttl = String(TTL);
  if (style === 'command') {
    return {
      // `SESSION.SET name key value ttl OLD old META 1 audience subject`
      whole: new Template([
        ...['SESSION.SET', 'session', [NEW], value, ttl],
        ...['OLD', [OLD], 'META', '1', AUDIENCE, [SUBJECT]],
      ]),
    };
  }
  const set = ['set', KEY, value, 'EX', ttl];
  const index = [
    ['zremrangebyscore', INDEX, '0', String(now - 1)],
    ['zadd', INDEX, String(now + TTL), [NEW]],
    ['zrem', INDEX, [OLD]],
    ['expire', INDEX, ttl],
  ];
  return {
    ask: new Template(['ttl', OLD_KEY]),
    // The old record is touched only if it would live longer than it may.
    withExpire: new Template(set, ['expire', OLD_KEY, String(STALE)], ...index),
    without: new Template(set, ...index),
  };
}

/** One connection with the users it rotates. */
class Lane {
  readonly #socket: Socket;
  readonly #style: RotationStyle;
  readonly #ask: Template | undefined;
  readonly #withExpire: Template;
  readonly #without: Template;
  /** Users first, first + step, … below limit. */
  readonly #first: number;
  readonly #step: number;
  readonly #limit: number;
  readonly #subjects: readonly Uint8Array[];
  readonly #oldId = new Uint8Array(ID_SIZE);
  readonly #newId = new Uint8Array(ID_SIZE);
  #user: number;
  #generation = 0;
  #left = 0;
  /** Replies still to come for what was sent. */
  #pending = 0;
  #isAsking = false;
  /** The reply line being read: its first byte (0 before it came), and the number it spells. */
  #type = 0;
  #number = 0;
  #isNegative = false;
  #done: () => void = () => {};
  #failed: (error: Error) => void = () => {};

  constructor(
    socket: Socket,
    options: RotationOptions,
    lane: number,
    subjects: readonly Uint8Array[],
    now: number,
  ) {
    this.#socket = socket;
    this.#style = options.style;
    const { whole, ask, withExpire, without } = rotationTemplates(
      options.style,
      options.valueSize,
      now,
    );
    this.#ask = ask;
    this.#withExpire = (withExpire ?? whole) as Template;
    this.#without = (without ?? whole) as Template;
    this.#first = lane;
    this.#step = options.connections;
    this.#limit = options.users;
    this.#subjects = subjects;
    this.#user = lane;
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('the server hung up')));
  }

  /** Rotates `count` times. */
  run(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#next();
    });
  }

  #next(): void {
    if (this.#left === 0) {
      this.#done();
      return;
    }
    this.#left--;
    writeId(this.#oldId, this.#user, this.#generation);
    writeId(this.#newId, this.#user, this.#generation + 1);
    if (this.#ask === undefined) {
      this.#send(this.#withExpire, 1);
    } else {
      this.#ask.fill('old', this.#oldId);
      this.#isAsking = true;
      this.#pending = 1;
      this.#socket.write(this.#ask.bytes);
    }
  }

  #send(template: Template, replies: number): void {
    template.fill('new', this.#newId);
    template.fill('old', this.#oldId);
    template.fill('subject', this.#subjects[this.#user]);
    this.#pending = replies;
    this.#socket.write(template.bytes);
  }

  #read(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === 0x0a) this.#lineEnded();
      else if (this.#type === 0) this.#type = byte;
      else if (byte === 0x2d) this.#isNegative = true;
      else if (byte >= 0x30 && byte <= 0x39) this.#number = this.#number * 10 + byte - 0x30;
    }
  }

  #lineEnded(): void {
    // Every reply of a rotation is a line: a status or an integer.
    if ((this.#type !== 0x2b && this.#type !== 0x3a) || this.#pending === 0) {
      const type = String.fromCharCode(this.#type);
      this.#failed(new Error(`unexpected reply '${type}…' to ${this.#style} rotation`));
      this.#socket.destroy();
      return;
    }
    const number = this.#isNegative ? -this.#number : this.#number;
    this.#type = 0;
    this.#number = 0;
    this.#isNegative = false;
    if (--this.#pending > 0) return;
    if (this.#isAsking) {
      this.#isAsking = false;
      if (number > STALE) this.#send(this.#withExpire, 6);
      else this.#send(this.#without, 5);
      return;
    }
    this.#user += this.#step;
    if (this.#user >= this.#limit) {
      this.#user = this.#first;
      this.#generation++;
    }
    this.#next();
  }

  close(): void {
    this.#failed = () => {};
    this.#socket.destroy();
  }
}

/** How many rotations each lane does of `count`, so that all do the same. */
function shareOf(count: number, connections: number): number {
  return Math.max(1, Math.round(count / connections));
}

/** Generation of a user's session after every lane rotated `share` times. */
function generationOf(user: number, share: number, options: RotationOptions): number {
  const lane = user % options.connections;
  const usersOfLane = Math.ceil((options.users - lane) / options.connections);
  const turn = Math.floor(user / options.connections);
  return Math.floor(share / usersOfLane) + (turn < share % usersOfLane ? 1 : 0);
}

function connected(address: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Logs every user in: one session and one index each. Expects an empty server. */
export async function logIn(address: Address, options: RotationOptions, now: number) {
  const client = await RespClient.connect(address);
  try {
    for (let first = 0; first < options.users; first += 100) {
      const batch: (string | number)[][] = [];
      for (let user = first; user < Math.min(first + 100, options.users); user++) {
        const id = idOf(user, 0);
        const value = sessionValue(id, options.valueSize);
        const index = `session:${AUDIENCE}:${subjectOf(user)}`;
        if (options.style === 'command') {
          const meta = ['META', 1, AUDIENCE, subjectOf(user)];
          batch.push(['SESSION.SET', 'session', id, value, TTL, ...meta]);
        } else {
          batch.push(['SET', `session:${id}`, value, 'EX', TTL]);
          batch.push(['ZADD', index, now + TTL, id], ['EXPIRE', index, TTL]);
        }
      }
      for (const { raw } of await client.pipeline(batch)) {
        if (raw[0] !== '+' && raw[0] !== ':') throw new Error(`login refused: ${raw.trim()}`);
      }
    }
  } finally {
    client.close();
  }
}

/** Rotates `count` times over all connections together; logIn() comes first. */
export async function rotate(
  address: Address,
  options: RotationOptions,
  count: number,
  now: number,
): Promise<RotationSample> {
  const subjects = Array.from({ length: options.users }, (_, user) => Buffer.from(subjectOf(user)));
  const lanes: Lane[] = [];
  try {
    for (let lane = 0; lane < options.connections; lane++) {
      lanes.push(new Lane(await connected(address), options, lane, subjects, now));
    }
    const share = shareOf(count, options.connections);
    const cpu = process.cpuUsage();
    const begin = performance.now();
    await Promise.all(lanes.map((lane) => lane.run(share)));
    const seconds = (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return {
      rotations: share * options.connections,
      seconds,
      generatorLoad: (user + system) / 1e6 / seconds,
    };
  } finally {
    for (const lane of lanes) lane.close();
  }
}

/**
 * Compares what the server holds with what `count` rotations leave behind: of every user, the
 * value and the life of the newest session, the life of the one before, and the index. Answers a
 * checksum over all of it, which is the same for every server that did the same rotations.
 */
export async function verify(
  address: Address,
  options: RotationOptions,
  count: number,
): Promise<string> {
  const share = shareOf(count, options.connections);
  const client = await RespClient.connect(address);
  const checksum = new Checksum();
  try {
    // Sessions of the command live in a zone of their own; ordinary commands reach them there.
    if (options.style === 'command') await client.call('SELECT', 'sessions');
    for (let user = 0; user < options.users; user++) {
      const generation = generationOf(user, share, options);
      const id = idOf(user, generation);
      const answers = await client.pipeline([
        ['GET', `session:${id}`],
        ['TTL', `session:${id}`],
        ['ZRANGE', `session:${AUDIENCE}:${subjectOf(user)}`, 0, -1],
        ['TTL', `session:${idOf(user, Math.max(0, generation - 1))}`],
      ]);
      const [value, ttl, index, oldTtl] = answers.map(({ tree }) => tree);
      const members = (index.items ?? []).map(({ text }) => text).join(' ');
      const old = Number(oldTtl.text);
      const isRight =
        value.text === sessionValue(id, options.valueSize) &&
        Number(ttl.text) > TTL - 120 &&
        Number(ttl.text) <= TTL &&
        members === id &&
        // Gone by now, or going.
        (generation === 0 || old === -2 || (old >= 0 && old <= STALE));
      if (!isRight) {
        const seen = answers.map(({ raw }) => JSON.stringify(raw.slice(0, 80))).join(' ');
        throw new Error(`user ${user} after ${generation} rotations: ${seen}`);
      }
      checksum.add(`${value.text} ${members}`);
    }
  } finally {
    client.close();
  }
  return checksum.text;
}

/** FNV-1a over text: enough to tell different work apart. */
export class Checksum {
  #state = 0x811c9dc5;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      this.#state = Math.imul(this.#state ^ text.charCodeAt(i), 0x01000193);
    }
  }

  get text(): string {
    return (this.#state >>> 0).toString(16).padStart(8, '0');
  }
}
