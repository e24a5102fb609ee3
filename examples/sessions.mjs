/**
 * Sessions of a web site: log in on two machines, rotate, see where one is logged in, log out.
 *
 *   make start                       # a server, in another terminal
 *   node examples/sessions.mjs       # or: node examples/sessions.mjs redis://host:port
 */

import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

const redis = new Redis(process.argv[2] ?? 'redis://127.0.0.1:6379');

/** Seconds a session lives unless it is used. */
const TTL = 3600;

const newKey = () => randomBytes(24).toString('base64url');

/** A new session of a user, in place of `old` if there is one. Answers its key: the cookie. */
async function store(user, data, old) {
  const key = newKey();
  const rotation = old === undefined ? [] : ['OLD', old];
  const index = ['META', 1, 'site', user];
  await redis.call('SESSION.SET', 'web', key, JSON.stringify(data), TTL, ...rotation, ...index);
  return key;
}

async function load(key) {
  const text = await redis.call('SESSION.GET', 'web', key);
  return text === null ? undefined : JSON.parse(text);
}

/** Keys of the sessions of a user. */
async function sessionsOf(user) {
  const pairs = await redis.call('SESSION.META', 'web', 'site', user);
  return pairs.filter((_, i) => i % 2 === 0);
}

const laptop = await store('ann', { user: 'ann', on: 'laptop' });
const phone = await store('ann', { user: 'ann', on: 'phone' });
console.log('logged in on', (await sessionsOf('ann')).length, 'machines');

// At each visit the session gets another key; for ten seconds the old one is good, too.
const next = await store('ann', { ...(await load(laptop)), visits: 1 }, laptop);
console.log('after a visit:', JSON.stringify(await load(next)));
console.log('a request on its way still finds', (await load(laptop)).on);
console.log('listed:', (await sessionsOf('ann')).includes(laptop) ? 'the old one' : 'the new one');

// Log out everywhere but here.
console.log('ended:', await redis.call('SESSION.DELALL', 'web', 'site', 'ann', 'EXCEPT', next));
console.log('the phone is', (await load(phone)) === undefined ? 'logged out' : 'logged in');
await redis.call('SESSION.DEL', 'web', next);
console.log('left:', (await sessionsOf('ann')).length);

await redis.quit();
