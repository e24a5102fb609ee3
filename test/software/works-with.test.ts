/** The list in README.md of what works with us: what is tested, in the version that is installed. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Row {
  readonly name: string;
  readonly version: string;
}

const ROW = /^\| \[(?<name>[^\]]+)\]\([^)]+\) \| (?<version>\S.*?) \| .* \|$/gm;
const rows = [...read('README.md').matchAll(ROW)].map((match) => match.groups as unknown as Row);

/** By the folder it lies in: `ioredis5` is a version of its own. */
const locked: Record<string, { version: string; name?: string }> = JSON.parse(
  read('package-lock.json'),
).packages;

/** What has nothing to say to a server: what tests are made with, and what the software runs in. */
const HOSTS = ['vitest', 'express', 'express-session', 'express-rate-limit', 'socket.io'];

/** What our tests of software import that talks to a server. */
function imported(): Set<string> {
  const names = new Set<string>();
  for (const file of readdirSync(import.meta.dirname)) {
    if (!file.endsWith('.test.ts')) continue;
    const text = read(`test/software/${file}`);
    for (const [, name] of text.matchAll(/^(?:import|\}).* from '([^'.:][^':]*)';$/gm))
      names.add(name);
  }
  for (const host of [...HOSTS, 'socket.io-client']) names.delete(host);
  return names;
}

/** The package of a row, if it is one. `ioredis 5` is the one that is installed as `ioredis5`. */
function packageOf({ name }: Row): string | undefined {
  return [name, name.replace(' ', '')].find((each) => locked[`node_modules/${each}`] !== undefined);
}

const exact = (name: string): RegExp =>
  new RegExp(`^${locked[`node_modules/${name}`].version.replaceAll('.', '\\.')}$`);

test('every package that our tests of software use is listed, and no other', () => {
  const listed = rows.flatMap((row) => packageOf(row) ?? []);
  expect(new Set(listed)).toEqual(imported());
});

test('versions are those that are installed', () => {
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    const name = packageOf(row);
    // Programs of the system are whatever the system has.
    const version = name === undefined ? /^Debian 12's$/ : exact(name);
    expect(row.version, row.name).toMatch(version);
  }
});

test('the page leads to each of the tests, and nowhere else', () => {
  const led = [...read('README.md').matchAll(/\(test\/software\/([\w.-]+)\)/g)].map(([, to]) => to);
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts'));
  expect([...new Set(led), 'works-with.test.ts'].sort()).toEqual(files.sort());
});
