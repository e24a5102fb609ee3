/** MEMORY: what keys and the server take. */

import { family } from '../../src/dispatch/command.ts';
import { memoryFigures, sizeText } from '../../src/dispatch/info.ts';
import { errors } from '../../src/resp/errors.ts';
import { parseInt64 } from '../../src/std/int64.ts';

const { command, container } = family('server');

export const memory = container({
  name: 'MEMORY',
  summary: 'A container for memory diagnostics commands.',
  since: '4.0.0',
  help: [
    'DOCTOR',
    '    Return memory problems reports.',
    'MALLOC-STATS',
    '    Return internal statistics report from the memory allocator.',
    'PURGE',
    '    Attempt to purge dirty pages for reclamation by the allocator.',
    'STATS',
    '    Return information about the memory usage of the server.',
    'USAGE <key> [SAMPLES <count>]',
    '    Return memory in bytes used by <key> and its value. Nested values are',
    '    sampled up to <count> times (default: 5, 0 means sample all).',
  ],
});

export const memoryUsage = command({
  syntax: 'MEMORY USAGE key [SAMPLES count]',
  summary: 'Tells how many bytes of its zone a key takes, all included.',
  since: '4.0.0',
  complexity: 'O(N) where N is the number of samples.',
  keys: 'RO',
  differs: 'The answer is exact, whatever SAMPLES says: what a key takes is known.',
  run({ argv, db, reply }) {
    for (let i = 3; i < argv.count; i += 2) {
      if (!argv.is(i, 'SAMPLES') || i + 1 === argv.count) throw errors.syntax;
      const samples = parseInt64(argv.bytes, argv.starts[i + 1], argv.ends[i + 1]);
      if (samples === undefined) throw errors.notInteger;
      if (samples < 0n) throw errors.syntax;
    }
    const entry = db.peek(argv, 2);
    if (entry === 0) reply.null();
    else reply.integer(db.zone.sizeOf(entry));
  },
});

export const memoryStats = command({
  syntax: 'MEMORY STATS',
  summary: 'Tells what takes memory, in figures.',
  since: '4.0.0',
  complexity: 'O(1)',
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  run({ keyspace, reply, instance }) {
    const figures = memoryFigures(instance);
    const { used, peak, resident, overhead, startup, dataset, active, keys } = figures;
    const databases = keyspace.databases.filter(({ size }) => size > 0);
    const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);

    const integers = (pairs: readonly (readonly [string, number])[]) => {
      for (const [name, value] of pairs) {
        reply.bulkText(name);
        reply.integer(value);
      }
    };
    const double = (name: string, value: number) => {
      reply.bulkText(name);
      reply.double(value);
    };
    reply.map(27 + databases.length);
    integers([
      ['peak.allocated', peak],
      ['total.allocated', used],
      ['startup.allocated', startup],
      ['replication.backlog', 0],
      ['clients.slaves', 0],
      ['clients.normal', figures.clients],
      ['cluster.links', 0],
      ['aof.buffer', 0],
      ['lua.caches', 0],
      ['functions.caches', 0],
    ]);
    for (const { number } of databases) {
      // Tables lie in the zone, all databases in one: none has an overhead of its own.
      reply.bulkText(`db.${number}`);
      reply.map(3);
      integers([
        ['overhead.hashtable.main', 0],
        ['overhead.hashtable.expires', 0],
        ['overhead.hashtable.slot-to-keys', 0],
      ]);
    }
    integers([
      ['overhead.total', overhead],
      ['keys.count', keys],
      ['keys.bytes-per-key', keys === 0 ? 0 : Math.floor(dataset / keys)],
      ['dataset.bytes', dataset],
    ]);
    double('dataset.percentage', share(dataset * 100, used - startup));
    double('peak.percentage', share(used * 100, peak));
    integers([
      ['allocator.allocated', used],
      ['allocator.active', active],
      ['allocator.resident', active],
    ]);
    double('allocator-fragmentation.ratio', share(active, used));
    integers([['allocator-fragmentation.bytes', active - used]]);
    double('allocator-rss.ratio', 1);
    integers([['allocator-rss.bytes', 0]]);
    double('rss-overhead.ratio', share(resident, active));
    integers([['rss-overhead.bytes', resident - active]]);
    double('fragmentation', share(resident, used));
    integers([['fragmentation.bytes', resident - used]]);
  },
});

const FULL = 0.9;
const MANY_FREE_SLOTS = 1.4;
const MiB = 1024 * 1024;

export const memoryDoctor = command({
  syntax: 'MEMORY DOCTOR',
  summary: 'Looks for problems with memory.',
  since: '4.0.0',
  complexity: 'O(1)',
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  run({ keyspace, reply, instance }) {
    const { used, active } = memoryFigures(instance);
    const found: string[] = [];
    for (const zone of keyspace.zones) {
      const { name, size, usedSize, counts } = zone;
      if (counts.refused > 0) {
        found.push(
          `Zone ${name} has refused ${counts.refused} writes for want of space. ` +
            'Give it more memory, or a policy that evicts.',
        );
      } else if (usedSize > size * FULL && !zone.recency.evicts) {
        found.push(`Zone ${name} is nearly full, and its policy evicts nothing.`);
      }
    }
    if (active > 16 * MiB && active > used * MANY_FREE_SLOTS) {
      found.push(
        `${sizeText(active - used)} of the pages in use hold nothing: sizes of values have ` +
          'changed. These pages come back as their last entries leave.',
      );
    }
    const text = found.length === 0 ? 'No memory problems were found.' : found.join('\n');
    reply.verbatim('txt', `${text}\n`);
  },
});

export const memoryMallocStats = command({
  syntax: 'MEMORY MALLOC-STATS',
  summary: 'Tells how zones are cut into pages and slots.',
  since: '4.0.0',
  complexity: 'Depends on how much memory is allocated, could be slow',
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  run({ keyspace, reply }) {
    let text = '';
    for (const zone of keyspace.zones) {
      text += `zone ${zone.name}: ${sizeText(zone.usedSize)} of ${sizeText(zone.size)} in use\n`;
      text += '  slot size      pages       used       free      fails\n';
      for (const figures of zone.slab.figures()) {
        const columns = [
          figures['slot-size'],
          figures.pages,
          figures.used,
          figures.free,
          figures.fails,
        ];
        text += `${columns.map((column) => String(column).padStart(11)).join('')}\n`;
      }
    }
    reply.verbatim('txt', text);
  },
});

export const memoryPurge = command({
  syntax: 'MEMORY PURGE',
  summary: 'Does nothing: pages that hold nothing are free at once.',
  since: '4.0.0',
  complexity: 'Depends on how much memory is allocated, could be slow',
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  run({ reply }) {
    reply.ok();
  },
});
