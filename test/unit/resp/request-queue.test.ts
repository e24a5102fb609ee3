import { describe, expect, it } from 'vitest';
import { Argv } from '../../../src/resp/argv.ts';
import { QUEUE_SIZE_KEPT, SPARE_QUEUES_MAX } from '../../../src/resp/limits.ts';
import { RequestQueue, SpareQueues } from '../../../src/resp/request-queue.ts';

function all(queue: RequestQueue): string[][] {
  const requests: string[][] = [];
  queue.rewind();
  for (let argv = queue.next(); argv !== undefined; argv = queue.next()) {
    requests.push(Array.from({ length: argv.count }, (_, i) => argv?.text(i) ?? ''));
  }
  return requests;
}

describe('RequestQueue', () => {
  it('answers what was put in, as often as asked', () => {
    const queue = new RequestQueue();
    const requests = [['SET', 'k', ''], ['PING'], ['MSET', ...Array(300).fill('x'), '\xff\0']];
    for (const request of requests) queue.push(Argv.of(...request));
    expect(queue.count).toBe(3);
    expect(queue.size).toBe(requests.flat().join('').length);
    expect(all(queue)).toEqual(requests);
    expect(all(queue)).toEqual(requests);
    expect(queue.next()).toBeUndefined();
  });

  it('keeps a copy', () => {
    const queue = new RequestQueue();
    const argv = Argv.of('GET', 'key');
    queue.push(argv);
    argv.bytes.fill(0);
    expect(all(queue)).toEqual([['GET', 'key']]);
  });

  it('grows by far more than it has', () => {
    const queue = new RequestQueue();
    const large = 'v'.repeat(100_000);
    queue.push(Argv.of('SET', 'a', 'b'));
    for (let i = 0; i < 40; i++) queue.push(Argv.of('SET', String(i), large));
    expect(all(queue)[40]).toEqual(['SET', '39', large]);
    expect(all(queue)[0]).toEqual(['SET', 'a', 'b']);
  });

  it('is empty when cleared, and holds what comes then', () => {
    const queue = new RequestQueue();
    queue.push(Argv.of('SET', 'k', 'v'.repeat(QUEUE_SIZE_KEPT + 1)));
    queue.clear();
    expect([queue.count, queue.size, all(queue)]).toEqual([0, 0, []]);
    queue.push(Argv.of('GET', 'k'));
    expect(all(queue)).toEqual([['GET', 'k']]);
  });
});

describe('SpareQueues', () => {
  it('hands out again what was given back, empty', () => {
    const spare = new SpareQueues();
    const queue = spare.take();
    queue.push(Argv.of('PING'));
    spare.give(queue);
    expect(spare.take()).toBe(queue);
    expect(queue.count).toBe(0);
    expect(spare.take()).not.toBe(queue);
  });

  it('keeps so many and no more', () => {
    const spare = new SpareQueues();
    const queues = Array.from({ length: SPARE_QUEUES_MAX + 1 }, () => spare.take());
    for (const queue of queues) spare.give(queue);
    const again = queues.map(() => spare.take());
    expect(again.filter((queue) => queues.includes(queue))).toHaveLength(SPARE_QUEUES_MAX);
  });
});
