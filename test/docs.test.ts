/**
 * Pages made from what the project declares: `make docs` writes them, this test holds them current.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { families } from '../commands/index.ts';
import { commandsPage } from '../docs/generate/commands.ts';
import { configurationPage } from '../docs/generate/configuration.ts';
import { Registry } from '../src/dispatch/registry.ts';
import { collectDifferences, type DeclaredDifference } from './conformance/harness.ts';

const root = join(import.meta.dirname, '..');
const isWriting = process.env.ZONIS_DOCS === 'write';

/** Every generated page, by its path, and who makes it. */
const pages: Record<string, () => Promise<string>> = {
  'docs/commands.md': async () => commandsPage(await declaredDifferences()),
  'docs/compatibility.md': async () => renderCompatibility(await declaredDifferences()),
  'docs/configuration.md': async () => configurationPage(),
};

let declared: Promise<readonly DeclaredDifference[]> | undefined;

/** Collected once: a file declares when it is loaded, and it is loaded only once. */
function declaredDifferences(): Promise<readonly DeclaredDifference[]> {
  declared ??= loadDifferences();
  return declared;
}

async function loadDifferences(): Promise<readonly DeclaredDifference[]> {
  const folder = join(root, 'test/conformance');
  return await collectDifferences(async () => {
    for (const file of readdirSync(folder).sort()) {
      if (!file.endsWith('.test.ts') || file === 'harness.test.ts') continue;
      await import(join(folder, file));
    }
  });
}

function renderCompatibility(differences: readonly DeclaredDifference[]): string {
  const families = [...new Set(differences.map(({ family }) => family))].sort();
  const sections = families.map((family) => {
    const rows = differences
      .filter((difference) => difference.family === family)
      .map(({ line, because }) => `| ${code(line)} | ${because.replaceAll('|', '\\|')} |`);
    return [`## ${family}`, '', '| line | why |', '|---|---|', ...rows].join('\n');
  });
  return `${[
    '# Where we answer otherwise than Redis',
    '<!-- Made by `make docs` from the differences that test/conformance declares. -->',
    'Zonis speaks as Redis 7.2 does: every line in `test/conformance` goes to a redis-server and to\n' +
      'us, in RESP2 and RESP3, and the replies are the same to the byte. Where Redis itself answers\n' +
      'now this, now that, a line is compared by what does not change: elements in any order, numbers\n' +
      'within a tolerance, or the shape of the reply (times, memory, random members). These lines are\n' +
      'the exceptions. Each is checked to be one still.',
    ...(sections.length > 0 ? sections : ['There are none.']),
    '## What no single line shows',
    'Said by the commands themselves. One that answers OOM has changed nothing.',
    ['| command | how it differs |', '|---|---|', ...ofCommands()].join('\n'),
  ].join('\n\n')}\n`;
}

/** What commands declare of themselves, a row for each reason. */
function ofCommands(): string[] {
  const commands = new Map<string, string[]>();
  for (const { fullName, differs } of new Registry(families).all()) {
    if (differs === undefined) continue;
    commands.set(differs, [
      ...(commands.get(differs) ?? []),
      fullName.toUpperCase().replace('|', ' '),
    ]);
  }
  return [...commands].map(([reason, names]) => `| ${names.map(code).join(' ')} | ${reason} |`);
}

/** As code in a table, where a bar would end the cell. */
function code(line: string): string {
  const fence = line.includes('`') ? '``' : '`';
  return `${fence}${line.replaceAll('|', '\\|')}${fence}`;
}

describe('generated pages', () => {
  for (const [path, make] of Object.entries(pages)) {
    it(`${path} is current`, async () => {
      const text = await make();
      const file = join(root, path);
      if (isWriting) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
      const found = existsSync(file) ? readFileSync(file, 'utf8') : '';
      expect(found === text, `${path} is out of date: run make docs and commit it`).toBe(true);
    });
  }

  it('the page of commands says what differs, at the command', () => {
    const page = commandsPage([
      { line: 'DEL k', because: 'so' },
      { line: 'DEL other', because: 'so' },
      { line: 'client list TYPE normal', because: 'one | other' },
    ]);
    expect(page).toMatch(
      /^\| `DEL key \[key \.\.\.\]` \| [^|]*\. \*Differs:\* so\. \| 1\.0\.0 \|$/m,
    );
    expect(page).toMatch(/^\| `CLIENT LIST .*\. \*Differs:\* one \\\| other\. \| 2\.4\.0 \|$/m);
  });

  it('the page of commands lists what is not there yet, and nothing that is', () => {
    const page = commandsPage([]);
    const rest = page.slice(page.indexOf('## Not there yet'));
    expect(rest).toContain('`SENTINEL`');
    expect(rest).not.toContain('`GET`');
    expect(page).toContain('| `GET key` |');
  });

  it('the page of differences lists them by family', () => {
    const page = renderCompatibility([
      { family: 'string', line: 'SET k "a|b"', because: 'one | other' },
      { family: 'generic', line: 'DEL k', because: 'so' },
      { family: 'string', line: 'GET k', because: 'thus' },
    ]);
    expect(page.slice(page.indexOf('## '), page.indexOf('## What no single'))).toBe(
      [
        '## generic',
        '',
        '| line | why |',
        '|---|---|',
        '| `DEL k` | so |',
        '',
        '## string',
        '',
        '| line | why |',
        '|---|---|',
        '| `SET k "a\\|b"` | one \\| other |',
        '| `GET k` | thus |',
        '',
        '',
      ].join('\n'),
    );
  });
});
