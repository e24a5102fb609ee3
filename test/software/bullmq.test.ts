/** BullMQ: jobs at once, later, again and again, in trees, at a pace, and after a worker died. */

import { once } from 'node:events';
import {
  FlowProducer,
  type Job,
  type Processor,
  Queue,
  QueueEvents,
  RateLimitError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type RunningServer, startServer } from '../../src/index.ts';

let server: RunningServer;
let connection: { host: string; port: number; maxRetriesPerRequest: null };
let queue: Queue;
let events: QueueEvents;
let redis: Redis;
const opened: { close(): Promise<unknown> }[] = [];
const warn = vi.spyOn(console, 'warn');
/** A queue for each test: a worker that is late finds nothing of the next. */
let name: string;
let count = 0;

const LIMIT_MS = 10_000;

beforeAll(async () => {
  server = await startServer();
  connection = { ...server.address, maxRetriesPerRequest: null };
  redis = new Redis(server.url);
});

afterAll(async () => {
  await redis.quit();
  await server.close();
});

beforeEach(async () => {
  name = `queue${++count}`;
  queue = keep(new Queue(name, { connection }));
  events = keep(new QueueEvents(name, { connection }));
  // Whoever waits for a job listens to both.
  queue.setMaxListeners(0);
  events.setMaxListeners(0);
  await events.waitUntilReady();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

function keep<T extends { close(): Promise<unknown> }>(each: T): T {
  opened.push(each);
  return each;
}

function work(processor: Processor, options: Partial<WorkerOptions> = {}): Worker {
  return keep(new Worker(name, processor, { connection, drainDelay: 1, ...options }));
}

const double: Processor = async (job) => job.data.x * 2;

function finished(job: Job): Promise<unknown> {
  return job.waitUntilFinished(events, LIMIT_MS);
}

test('jobs added together are worked on, each once, and say what came out', async () => {
  work(double, { concurrency: 5 });
  const jobs = await queue.addBulk(
    Array.from({ length: 40 }, (_, x) => ({ name: 'double', data: { x } })),
  );
  expect(await Promise.all(jobs.map(finished))).toEqual(jobs.map((_, x) => x * 2));
  expect(await queue.getJobCounts('wait', 'active', 'completed', 'failed')).toEqual({
    wait: 0,
    active: 0,
    completed: 40,
    failed: 0,
  });
  expect((await queue.getJobs('completed', 0, 2, true)).length).toBe(3);
});

test('the server is one it has nothing to warn of', async () => {
  await queue.waitUntilReady();
  expect(await queue.getVersion()).toMatch(/^bullmq:6\./);
  expect(warn).not.toHaveBeenCalled();
});

test('workers are found by the names of their connections', async () => {
  const worker = work(double, { name: 'ann' });
  await worker.waitUntilReady();
  const found = await queue.getWorkers();
  expect(found.map((each) => each.rawname)).toEqual([expect.stringMatching(/^bull:.*:w:ann$/)]);
});

test('a delayed job runs when its time has come, and is found at that score until then', async () => {
  const [early, late] = await queue.addBulk([
    { name: 'early', data: { x: 1 }, opts: { delay: 60 } },
    { name: 'late', data: { x: 2 }, opts: { delay: 120 } },
  ]);
  // Seven bytes of an integer: the script must write them all.
  const score = (await redis.zscore(`bull:${name}:delayed`, late.id as string)) as string;
  expect(score).toBe(String((late.timestamp + 120) * 0x1000 + (Number(score) % 0x1000)));
  const order: string[] = [];
  work(async (job) => {
    order.push(job.name);
    return Date.now() - job.timestamp >= (job.opts.delay as number);
  });
  expect(await Promise.all([early, late].map(finished))).toEqual([true, true]);
  expect(order).toEqual(['early', 'late']);
});

test('the urgent go first, and the equally urgent in turn', async () => {
  const priorities = [3, 1, 2, 1, 3, 2];
  const jobs = await queue.addBulk(
    priorities.map((priority, i) => ({ name: `${priority}${i}`, data: {}, opts: { priority } })),
  );
  expect(await redis.zscore(`bull:${name}:prioritized`, jobs[0].id as string)).toBe('12884901889');
  const order: string[] = [];
  work(async (job) => void order.push(job.name));
  await Promise.all(jobs.map(finished));
  expect(order).toEqual(['11', '13', '22', '25', '30', '34']);
});

test('a job that fails is tried again, and then is a failed one with its reason', async () => {
  work(async (job) => {
    if (job.name === 'hopeless' || job.attemptsMade < 2) throw new Error('not today');
    return job.attemptsMade;
  });
  const options = { attempts: 3, backoff: { type: 'exponential', delay: 5 } };
  expect(await finished(await queue.add('moody', {}, options))).toBe(2);
  const hopeless = await queue.add('hopeless', {}, { attempts: 2 });
  await expect(finished(hopeless)).rejects.toThrow('not today');
  expect(await hopeless.getState()).toBe('failed');
  const [failed] = await queue.getFailed();
  expect([failed.id, failed.failedReason, failed.attemptsMade]).toEqual([
    hopeless.id,
    'not today',
    2,
  ]);
});

test('a scheduler makes a job after the other, as many as it may', async () => {
  const made: number[] = [];
  let enough = (): void => {};
  const thrice = new Promise<void>((resolve) => {
    enough = resolve;
  });
  work(async (job) => {
    made.push(job.data.x);
    if (made.length === 3) enough();
  });
  await queue.upsertJobScheduler('tick', { every: 40, limit: 3 }, { name: 't', data: { x: 7 } });
  expect((await queue.getJobSchedulers()).map(({ key, every }) => [key, every])).toEqual([
    ['tick', 40],
  ]);
  await thrice;
  expect(made).toEqual([7, 7, 7]);
  await queue.upsertJobScheduler('yearly', { pattern: '0 0 1 1 *' }, { name: 't', data: {} });
  expect(await queue.removeJobScheduler('yearly')).toBe(true);
});

test('a parent waits for its children, in whatever order they come', async () => {
  const flow = keep(new FlowProducer({ connection }));
  const tree = await flow.add({
    name: 'sum',
    queueName: name,
    children: [
      { name: 'double', queueName: name, data: { x: 2 }, opts: { delay: 20 } },
      {
        name: 'sum',
        queueName: name,
        children: [{ name: 'double', queueName: name, data: { x: 5 } }],
      },
    ],
  });
  expect(await tree.job.getState()).toBe('waiting-children');
  work(async (job, token) => {
    if (job.name === 'double') return await double(job, token);
    const values: number[] = Object.values(await job.getChildrenValues());
    return values.reduce((a, b) => a + b, 0);
  });
  expect(await finished(tree.job)).toBe(14);
  expect(await tree.job.getDependenciesCount()).toMatchObject({ processed: 2, unprocessed: 0 });
});

test('a worker with a limit works no faster', async () => {
  let worked = 0;
  const jobs = await queue.addBulk(Array.from({ length: 5 }, () => ({ name: 'j', data: {} })));
  const start = Date.now();
  work(async () => void worked++, { limiter: { max: 2, duration: 80 } });
  await Promise.all(jobs.map(finished));
  // Two, a pause, two, a pause, and one. Timers may be early by a millisecond.
  expect(worked).toBe(5);
  expect(Date.now() - start).toBeGreaterThanOrEqual(150);
});

test('a processor can put the whole queue off', async () => {
  let refused = 0;
  const worker: Worker = work(
    async () => {
      if (refused++ > 0) return refused;
      await worker.rateLimit(50);
      throw new RateLimitError();
    },
    { limiter: { max: 1, duration: 10 } },
  );
  const start = Date.now();
  expect(await finished(await queue.add('j', {}))).toBe(2);
  expect(Date.now() - start).toBeGreaterThanOrEqual(45);
});

test('what a dead worker held goes to another', async () => {
  const dying = work(double, { autorun: false, lockDuration: 20_000 });
  const job = await queue.add('j', { x: 21 });
  expect((await dying.getNextJob('token'))?.id).toBe(job.id);
  const lock = `bull:${name}:${job.id}:lock`;
  expect(await redis.get(lock)).toBe('token');
  expect(await redis.pttl(lock)).toBeGreaterThan(10_000);
  // Nobody renews it.
  await redis.pexpire(lock, 1);
  const stalled = once(events, 'stalled');
  work(double, { stalledInterval: 50 });
  expect(await finished(job)).toBe(42);
  expect((await stalled)[0]).toEqual({ jobId: job.id });
});

test('a paused queue hands nothing out until it goes on', async () => {
  const worker = work(double);
  await worker.waitUntilReady();
  await queue.pause();
  const job = await queue.add('j', { x: 4 });
  expect(await job.getState()).toBe('waiting');
  expect(await queue.isPaused()).toBe(true);
  expect(worker.isPaused()).toBe(false);
  await queue.resume();
  expect(await finished(job)).toBe(8);
});

test('progress and removal are told to those who listen; a twin is not added', async () => {
  const progress = once(events, 'progress');
  const removed = once(events, 'removed');
  work(async (job) => await job.updateProgress({ done: 0.5 }));
  const job = await queue.add('j', {}, { deduplication: { id: 'one', ttl: 5000 } });
  const twin = await queue.add('j', {}, { deduplication: { id: 'one', ttl: 5000 } });
  expect(twin.id).toBe(job.id);
  await finished(job);
  expect((await progress)[0]).toEqual({ jobId: job.id, data: { done: 0.5 } });
  await job.remove();
  expect((await removed)[0]).toMatchObject({ jobId: job.id });
  expect(await queue.getJob(job.id as string)).toBeUndefined();
});

test('the stream of events is trimmed, old jobs are cleaned, and nothing is left at the end', async () => {
  work(double, { metrics: { maxDataPoints: 10 }, removeOnComplete: { count: 5 } });
  const jobs = await queue.addBulk(
    Array.from({ length: 30 }, (_, x) => ({ name: 'j', data: { x } })),
  );
  await Promise.all(jobs.map(finished));
  expect((await queue.getMetrics('completed')).meta.count).toBe(30);
  expect(await queue.getCompletedCount()).toBe(5);
  expect(await queue.clean(0, 3, 'completed')).toHaveLength(3);
  expect(await redis.xlen(`bull:${name}:events`)).toBeGreaterThan(30);
  await queue.trimEvents(10);
  expect(await redis.xlen(`bull:${name}:events`)).toBeLessThan(120);
  await Promise.all(opened.splice(1).map((each) => each.close()));
  await queue.obliterate({ force: true });
  expect(await redis.keys(`bull:${name}:*`)).toEqual([]);
});
