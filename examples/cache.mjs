/**
 * A cache in the client that the server keeps current: node-redis over RESP3.
 *
 *   make start                    # a server, in another terminal
 *   node examples/cache.mjs       # or: node examples/cache.mjs redis://host:port
 */

import { once } from 'node:events';
import { BasicClientSideCache, createClient } from 'redis';

const url = process.argv[2] ?? 'redis://127.0.0.1:6379';
const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 1000, evictPolicy: 'LRU' });
const reader = await createClient({ url, RESP: 3, clientSideCache: cache }).connect();
const writer = await createClient({ url }).connect();

await writer.set('price', '10');
for (let i = 0; i < 1000; i++) await reader.get('price');
const { hitCount, missCount } = cache.stats();
console.log(`read a thousand times: ${missCount} from the server, ${hitCount} from here`);

const told = once(cache, 'invalidate');
await writer.set('price', '12');
await told;
console.log('the server told of a change, and now it is', await reader.get('price'));

await writer.del('price');
await reader.close();
await writer.close();
