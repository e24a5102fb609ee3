/**
 * A queue of BullMQ: jobs now, later, tried again, and one that waits for others.
 *
 *   make start                    # a server, in another terminal
 *   node examples/queue.mjs       # or: node examples/queue.mjs redis://host:port
 */

import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';

const { hostname, port } = new URL(process.argv[2] ?? 'redis://127.0.0.1:6379');
const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };

const queue = new Queue('mail', { connection });
const events = new QueueEvents('mail', { connection });
const flow = new FlowProducer({ connection });
await events.waitUntilReady();

const worker = new Worker(
  'mail',
  async (job) => {
    if (job.name === 'moody' && job.attemptsMade === 0) throw new Error('not at once');
    if (job.name === 'digest') return Object.values(await job.getChildrenValues()).sort();
    return `${job.name} to ${job.data.to}`;
  },
  { connection },
);

const welcome = await queue.add('welcome', { to: 'ann' });
console.log(await welcome.waitUntilFinished(events));
const reminder = await queue.add('reminder', { to: 'bob' }, { delay: 50 });
console.log(await reminder.waitUntilFinished(events));
const moody = await queue.add('moody', { to: 'eve' }, { attempts: 2, backoff: 10 });
console.log(await moody.waitUntilFinished(events));

const news = ['ann', 'bob'].map((to) => ({ name: 'news', queueName: 'mail', data: { to } }));
const digest = await flow.add({ name: 'digest', queueName: 'mail', children: news });
console.log((await digest.job.waitUntilFinished(events)).join(', '));

await queue.obliterate({ force: true });
for (const each of [worker, flow, events, queue]) await each.close();
