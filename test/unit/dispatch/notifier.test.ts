import { expect, test } from 'vitest';
import { openOffline } from '../../support/offline.ts';

/** Listens to every channel, and answers what has been heard since. */
function listen(server: ReturnType<typeof openOffline>): () => string[] {
  const { pubsub } = server.instance;
  const heard: string[] = [];
  const publish = pubsub.publish.bind(pubsub);
  pubsub.publish = (kind, channel, bytes, start, end) => {
    heard.push(`${channel} ${Buffer.from(bytes.slice(start, end)).toString('latin1')}`);
    return publish(kind, channel, bytes, start, end);
  };
  return () => heard.splice(0);
}

test('nothing is published unless it is asked for by class and by form', () => {
  for (const letters of ['', 'A', 'KE', 'K', 'lE']) {
    const server = openOffline({ 'notify-keyspace-events': `"${letters}"` });
    const heard = listen(server);
    server.run('SET', 'k', 'v');
    expect(heard()).toEqual([]);
  }
});

test('what is evicted is told, in the database it was in', () => {
  const server = openOffline({
    maxmemory: '256kb',
    'maxmemory-policy': 'allkeys-lru',
    'notify-keyspace-events': 'Ee',
  });
  const heard = listen(server);
  server.run('SELECT', '3');
  for (let i = 0; i < 300; i++) server.run('SET', `key:${i}`, 'v'.repeat(1000));
  const told = heard();
  expect(told.length).toBeGreaterThan(50);
  expect(told).toEqual(told.map((_, i) => `__keyevent@3__:evicted key:${i}`));
});

test('what expires is told when it is removed, by whoever removes it', () => {
  const server = openOffline({ 'notify-keyspace-events': 'KEx' });
  const heard = listen(server);
  server.run('SET', 'seen', 'v', 'PX', '10');
  server.run('SET', 'due', 'v', 'PX', '20');
  server.clock.advance(30);
  server.instance.keyspace.tick(server.clock.now());
  server.run('GET', 'seen');
  expect(heard()).toEqual(['__keyspace@0__:seen expired', '__keyevent@0__:expired seen']);
  server.instance.keyspace.expireDue(10);
  expect(heard()).toEqual(['__keyspace@0__:due expired', '__keyevent@0__:expired due']);
});

test('sessions and what leaves with them are keys like any other', () => {
  const server = openOffline({ 'notify-keyspace-events': 'Kg$xz' });
  const heard = listen(server);
  server.run('SESSION.SET', 'web', 's1', 'v', '60', 'META', '1', 'app', 'ann');
  expect(heard()).toEqual([
    '__keyspace@16__:web:s1 set',
    '__keyspace@16__:web:s1 expire',
    '__keyspace@16__:web:app:ann zadd',
  ]);
  server.run('SESSION.DEL', 'web', 's1');
  expect(heard()).toContain('__keyspace@16__:web:s1 del');
});
