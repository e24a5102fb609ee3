/**
 * Pages made from what the project declares: `make docs` writes them, this test holds them current.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectDifferences, type DeclaredDifference } from './conformance/harness.ts';

const root = join(import.meta.dirname, '..');
const isWriting = process.env.ZONIS_DOCS === 'write';

/** Every generated page, by its path, and who makes it. */
const pages: Record<string, () => Promise<string>> = {
  'docs/compatibility.md': compatibility,
};

async function compatibility(): Promise<string> {
  const folder = join(root, 'test/conformance');
  const differences = await collectDifferences(async () => {
    for (const file of readdirSync(folder).sort()) {
      if (!file.endsWith('.test.ts') || file === 'harness.test.ts') continue;
      await import(join(folder, file));
    }
  });
  return renderCompatibility(differences);
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
      'us, and the replies are the same to the byte. These lines are the exceptions. Each is checked\n' +
      'to be one still.',
    ...(sections.length > 0 ? sections : ['There are none.']),
  ].join('\n\n')}\n`;
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

  it('the page of differences lists them by family', () => {
    const page = renderCompatibility([
      { family: 'string', line: 'SET k "a|b"', because: 'one | other' },
      { family: 'generic', line: 'DEL k', because: 'so' },
      { family: 'string', line: 'GET k', because: 'thus' },
    ]);
    expect(page.slice(page.indexOf('## '))).toBe(
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
      ].join('\n'),
    );
  });
});
