/**
 * A site of Express whose sessions are in the zone of sessions and whose visitors are counted.
 *
 *   make start                      # a server, in another terminal
 *   node examples/express.mjs       # or: node examples/express.mjs redis://host:port
 */

import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createClient } from 'redis';

const url = process.argv[2] ?? 'redis://127.0.0.1:6379';
const sessions = await createClient({ url, database: 16 }).connect();
const redis = await createClient({ url }).connect();

const store = new RedisStore({ client: sessions, prefix: 'site:' });
const limiter = new RateLimiterRedis({
  ...{ storeClient: redis, useRedisPackage: true, keyPrefix: 'visits' },
  ...{ points: 100, duration: 60 },
});

const app = express();
app.use(async (request, response, next) => {
  const { remainingPoints } = await limiter.consume(request.ip).catch((refusal) => refusal);
  if (remainingPoints > 0) next();
  else response.status(429).send('later, please\n');
});
app.use(session({ store, secret: 'change me', resave: false, saveUninitialized: false }));
app.get('/', (request, response) => {
  request.session.visits = (request.session.visits ?? 0) + 1;
  response.send(`visit ${request.session.visits}\n`);
});

const site = app.listen(Number(process.argv[3] ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${site.address().port}`);
});
