/** Sessions of express-session in connect-redis: a site that logs in, out, and forgets. */

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session, { type SessionData } from 'express-session';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';
import { ManualClock } from '../../src/std/clock.ts';

declare module 'express-session' {
  interface SessionData {
    user?: string;
    visits?: number;
  }
}

const TTL = 3600;

let clock: ManualClock;
let server: RunningServer;
let client: ReturnType<typeof connect>;
let store: RedisStore;
let site: Server;
let url: string;

/** To the zone of sessions, as its own database. */
function connect() {
  return createClient({ url: server.url, database: 16 });
}

beforeAll(async () => {
  clock = new ManualClock(Date.now());
  server = await startServer({ clock });
});

afterAll(async () => {
  await server.close();
});

beforeEach(async () => {
  client = connect();
  await client.connect();
  await client.flushDb();
  store = new RedisStore({ client, ttl: TTL });
  const app = express();
  const options = { secret: 'secret', resave: false, saveUninitialized: false };
  app.use(session({ ...options, store, cookie: { secure: false } }));
  app.get('/login/:user', (request, response) => {
    request.session.regenerate(() => {
      request.session.user = request.params.user;
      response.send(request.sessionID);
    });
  });
  app.get('/who', (request, response) => {
    if (request.session.user !== undefined && request.query.count === 'yes') {
      request.session.visits = (request.session.visits ?? 0) + 1;
    }
    response.send(`${request.session.user} ${request.session.visits}`);
  });
  app.get('/logout', (request, response) => {
    request.session.destroy(() => void response.send('bye'));
  });
  site = app.listen(0, '127.0.0.1');
  await once(site, 'listening');
  url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});

afterEach(async () => {
  site.closeAllConnections();
  site.close();
  await once(site, 'close');
  await client.close();
});

/** Somebody with a cookie. */
function browser(): (path: string) => Promise<string> {
  let cookie = '';
  return async (path) => {
    const response = await fetch(`${url}/${path}`, { headers: { cookie } });
    const [sent] = response.headers.getSetCookie();
    if (sent !== undefined) cookie = sent.split(';')[0];
    return await response.text();
  };
}

test('a visitor without a session gets none; one who logs in has one until he logs out', async () => {
  const ann = browser();
  expect(await ann('who')).toBe('undefined undefined');
  expect(await client.dbSize()).toBe(0);
  const id = await ann('login/ann');
  expect(await ann('who?count=yes')).toBe('ann 1');
  expect(await ann('who?count=yes')).toBe('ann 2');
  expect(await client.ttl(`sess:${id}`)).toBe(TTL);
  expect(JSON.parse((await client.get(`sess:${id}`)) ?? '')).toMatchObject({
    user: 'ann',
    visits: 2,
  });
  const bob = browser();
  await bob('login/bob');
  expect(await ann('logout')).toBe('bye');
  expect(await ann('who')).toBe('undefined undefined');
  expect(await bob('who')).toBe('bob undefined');
});

test('who logs in again has another session, and the old one is gone', async () => {
  const ann = browser();
  const first = await ann('login/ann');
  const second = await ann('login/ann');
  expect(second).not.toBe(first);
  expect(await client.exists([`sess:${first}`, `sess:${second}`])).toBe(1);
});

test('a visit alone makes a session last; without one it ends', async () => {
  const ann = browser();
  await ann('login/ann');
  clock.advance(TTL * 1000 - 1);
  expect(await ann('who')).toBe('ann undefined');
  clock.advance(TTL * 1000 - 1);
  expect(await ann('who')).toBe('ann undefined');
  clock.advance(TTL * 1000);
  expect(await ann('who')).toBe('undefined undefined');
  expect(await client.dbSize()).toBe(0);
});

test('of a thousand sessions each is found, read and deleted', async () => {
  const cookie = { originalMaxAge: null } as SessionData['cookie'];
  const ids = Array.from({ length: 1000 }, (_, i) => `s${i}`).sort();
  await Promise.all(ids.map((id) => store.set(id, { cookie, user: id })));
  await client.set('other', 'kept');
  expect(await store.length()).toBe(1000);
  expect((await store.ids()).sort()).toEqual(ids);
  const all: (SessionData & { id: string })[] = await store.all();
  expect(all.every(({ id, user }) => id === user)).toBe(true);
  expect(all).toHaveLength(1000);
  await store.destroy('s17');
  expect(await store.get('s17')).toBeNull();
  await store.clear();
  expect(await store.length()).toBe(0);
  expect(await client.get('other')).toBe('kept');
});

test('a session that is over when it is stored is not stored', async () => {
  const expires = new Date(Date.now() - 1000);
  await store.set('s', { cookie: { originalMaxAge: 1, expires }, user: 'ann' });
  expect(await client.dbSize()).toBe(0);
});
