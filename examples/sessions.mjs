/**
 * Sessions of a web site: log in on two machines, rotate, see where one is logged in, log out.
 *
 *   make start                       # a server, in another terminal
 *   node examples/sessions.mjs       # or: node examples/sessions.mjs redis://host:port
 */

import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

const redis = new Redis(process.argv[2] ?? 'redis://127.0.0.1:6379');

/** A session of an hour, in place of `old` if there is one. Answers its key: the cookie. */
async function store(data, old) {
  const key = randomBytes(24).toString('base64url');
  const rotation = old === undefined ? [] : ['OLD', old];
  const index = ['META', 1, 'site', data.user];
  await redis.call('SESSION.SET', 'web', key, JSON.stringify(data), 3600, ...rotation, ...index);
  return key;
}
const load = async (key) => JSON.parse(await redis.call('SESSION.GET', 'web', key));
/** Keys of the sessions of a user, each with its deadline behind it. */
const list = (user) => redis.call('SESSION.META', 'web', 'site', user);

const laptop = await store({ user: 'ann', on: 'laptop' });
const phone = await store({ user: 'ann', on: 'phone' });
console.log('logged in on', (await list('ann')).length / 2, 'machines');

// At each visit the session gets another key; for ten seconds the old one is good, too.
const next = await store({ ...(await load(laptop)), visits: 1 }, laptop);
console.log('after a visit:', JSON.stringify(await load(next)));
console.log('a request on its way still finds', (await load(laptop)).on);
console.log('listed:', (await list('ann')).includes(laptop) ? 'the old one' : 'the new one');

const ended = await redis.call('SESSION.DELALL', 'web', 'site', 'ann', 'EXCEPT', next);
console.log('ended elsewhere:', ended);
console.log('the phone is', (await load(phone)) === null ? 'logged out' : 'logged in');
await redis.call('SESSION.DEL', 'web', next);
console.log('left:', (await list('ann')).length);
await redis.quit();
