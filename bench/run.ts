/**
 * Runs the benches named on the command line, or all of them: `make bench ONLY=wire`.
 *
 * A bench is a file `name.bench.ts` here that exports `run()`; what it prints is its business.
 */

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(folder)
  .map((file) => /^(.+)\.bench\.[jt]s$/.exec(file)?.[1])
  .filter((name) => name !== undefined)
  .sort();
const wanted = process.argv.slice(2);

for (const name of wanted) {
  if (!names.includes(name)) {
    process.stderr.write(`no bench '${name}': there are ${names.join(', ')}\n`);
    process.exit(1);
  }
}

for (const name of wanted.length === 0 ? names : wanted) {
  process.stdout.write(`── ${name} ${'─'.repeat(Math.max(0, 70 - name.length))}\n`);
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const bench = await import(pathToFileURL(join(folder, `${name}.bench.${extension}`)).href);
  await bench.run();
}
