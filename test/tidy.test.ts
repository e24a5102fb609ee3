/**
 * The style that a machine can hold.
 *
 * A rule takes the files of the project and answers with findings; each finding says where, which
 * rule, and what to do instead. Every rule is also shown a small bad example, so that a rule which
 * stopped seeing anything fails too.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Source {
  readonly path: string;
  readonly text: string;
}

type Rule = (sources: readonly Source[]) => string[];

/** Every text file under version control, or new and not ignored. */
function projectFiles(): Source[] {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root });
  return list
    .toString()
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'latin1') }))
    .filter(({ text }) => !text.includes('\0'))
    .map(({ path, text }) => ({ path, text: Buffer.from(text, 'latin1').toString() }));
}

const isTypeScript = ({ path }: Source): boolean => path.endsWith('.ts');
const isShipped = ({ path }: Source): boolean => /^(src|commands)\/.*\.ts$/.test(path);
const isThisFile = ({ path }: Source): boolean => path === 'test/tidy.test.ts';

/**
 * The text with everything blanked that is not code: comments, and the insides of strings and
 * regular expressions unless `keepStrings`. Lines stay where they were.
 */
function codeOf(text: string, keepStrings = false): string {
  let code = '';
  let at = 0;
  // Open `${` of templates: how many braces are open inside each.
  const templates: number[] = [];

  const blank = (end: number): void => {
    code += text.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  const literal = (end: number): void => {
    if (keepStrings) {
      code += text.slice(at, end);
      at = end;
    } else {
      code += text[at];
      at++;
      blank(Math.max(at, end - 1));
      code += text.slice(at, end);
      at = end;
    }
  };
  const template = (): void => {
    let end = at;
    for (; end < text.length && text[end] !== '`'; end++) {
      if (text[end] === '\\') end++;
      else if (text.startsWith('${', end)) {
        if (keepStrings) code += text.slice(at, end);
        else blank(end);
        code += '${';
        at = end + 2;
        templates.push(0);
        return;
      }
    }
    if (keepStrings) code += text.slice(at, end);
    else blank(end);
    code += '`';
    at = end + 1;
  };

  while (at < text.length) {
    const char = text[at];
    if (text.startsWith('//', at)) {
      const end = text.indexOf('\n', at);
      blank(end < 0 ? text.length : end);
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      blank(end < 0 ? text.length : end + 2);
    } else if (char === "'" || char === '"') {
      let end = at + 1;
      while (end < text.length && text[end] !== char && text[end] !== '\n') {
        end += text[end] === '\\' ? 2 : 1;
      }
      literal(end + 1);
    } else if (char === '/' && /(^|[(,=:[!&|?{};+]|=>|\breturn)\s*$/.test(code.slice(-40))) {
      let end = at + 1;
      for (let inClass = false; end < text.length && (inClass || text[end] !== '/'); end++) {
        if (text[end] === '\\') end++;
        else if (text[end] === '[') inClass = true;
        else if (text[end] === ']') inClass = false;
      }
      literal(end + 1);
    } else if (char === '`') {
      code += char;
      at++;
      template();
    } else {
      code += char;
      at++;
      if (templates.length > 0) {
        if (char === '{') templates[templates.length - 1]++;
        else if (char === '}' && templates[templates.length - 1]-- === 0) {
          templates.pop();
          template();
        }
      }
    }
  }
  return code;
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** One finding per match of `pattern` in the code of the sources. */
function matches(
  sources: readonly Source[],
  pattern: RegExp,
  advice: string,
  text: (source: Source) => string = ({ text }) => codeOf(text),
): string[] {
  return sources.flatMap((source) => {
    const searched = text(source);
    return [...searched.matchAll(new RegExp(pattern, `g${pattern.flags}`))].map(
      (match) => `${source.path}:${lineOf(searched, match.index)}: ${match[0].trim()}: ${advice}`,
    );
  });
}

// ── Imports ─────────────────────────────────────────────────────────────────────────────────────

/** What a file imports, as paths from the root; packages as they are written. */
function importsOf(source: Source): string[] {
  const code = codeOf(source.text, true);
  const statement = /(?:^|\n)\s*(?:import|export)\b[^'"`;()]*?['"]([^'"]+)['"]/g;
  const call = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...code.matchAll(statement), ...code.matchAll(call)].map((match) =>
    match[1].startsWith('.') ? normalize(join(dirname(source.path), match[1])) : match[1],
  );
}

const LAYERS: readonly (readonly string[])[] = [
  ['src/std'],
  ['src/zone', 'src/resp'],
  ['src/value'],
  ['src/keyspace', 'src/instance', 'src/script'],
  ['src/dispatch', 'src/persistence'],
  ['commands'],
  ['src/server'],
  ['src'],
];

/** Who may see the zone: what stores values in it, what reads sockets into it, who opens it. */
const SEES_ZONE = ['src/zone', 'src/value', 'src/keyspace', 'src/server', 'src'];

function folderOf(path: string): string | undefined {
  const folder = /^src\/[^/]+(?=\/)|^src(?=\/[^/]+$)|^commands(?=\/)/.exec(path)?.[0];
  return folder !== undefined && levelOf(folder) >= 0 ? folder : undefined;
}

function levelOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

/** commands/string.ts → string; commands/sorted-set/score.ts → sorted-set. */
function familyOf(path: string): string {
  return path.split('/')[1].replace(/\.ts$/, '');
}

const layers: Rule = (sources) =>
  sources.filter(isShipped).flatMap((source) => {
    const folder = folderOf(source.path);
    if (folder === undefined) {
      return [`${source.path}: no layer has this folder: put it in the picture and in LAYERS`];
    }
    return importsOf(source).flatMap((target) => {
      const to = folderOf(target);
      if (to === undefined) {
        return /^(src|commands|test|bench)\//.test(target)
          ? [`${source.path}: imports ${target}: the product imports only itself`]
          : [];
      }
      if (to === folder) {
        const stays =
          folder !== 'commands' ||
          source.path === 'commands/index.ts' ||
          familyOf(source.path) === familyOf(target);
        return stays
          ? []
          : [`${source.path}: imports ${target}: families share code in a lower layer, not here`];
      }
      if (levelOf(to) >= levelOf(folder)) {
        return [
          `${source.path}: imports ${target}: imports go down. ` +
            'Declare an interface here and let the upper layer implement it',
        ];
      }
      if (to === 'src/zone' && !SEES_ZONE.includes(folder)) {
        return [`${source.path}: imports ${target}: speak values, not offsets: ask the keyspace`];
      }
      return [];
    });
  });

const acyclic: Rule = (sources) => {
  const graph = new Map(
    sources.filter(isTypeScript).map((source) => [source.path, importsOf(source)]),
  );
  const done = new Set<string>();
  const findings: string[] = [];
  const walk = (path: string, trail: string[]): void => {
    if (trail.includes(path)) {
      const cycle = [...trail.slice(trail.indexOf(path)), path].join(' → ');
      findings.push(`${cycle}: a cycle: move what both need into a file of its own`);
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return findings;
};

const noDeadFiles: Rule = (sources) => {
  const graph = new Map(
    sources.filter(isTypeScript).map((source) => [source.path, importsOf(source)]),
  );
  const reached = new Set<string>();
  const reach = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    graph.get(path)?.forEach(reach);
  };
  reach('src/main.ts');
  reach('src/index.ts');
  const isUsedByMain = new Set(reached);
  for (const path of graph.keys()) {
    if (/\.test\.ts$|^bench\/run\.ts$|\.bench\.ts$|^examples\//.test(path)) reach(path);
  }
  return sources
    .filter((source) => isTypeScript(source) && !source.path.endsWith('.config.ts'))
    .filter(({ path }) => !(isShipped({ path, text: '' }) ? isUsedByMain : reached).has(path))
    .map(({ path }) => `${path}: nothing that runs imports it: import it or delete it`);
};

const namedExportsOnly: Rule = (sources) =>
  matches(
    sources.filter(isShipped),
    /^export (default\b|\* from|\*)/m,
    'export names where they are declared: no default exports, no barrels',
  );

// ── Words with one home ─────────────────────────────────────────────────────────────────────────

interface Home {
  readonly word: RegExp;
  readonly home: readonly string[];
  readonly advice: string;
}

const HOMES: readonly Home[] = [
  {
    word: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.hrtime\b/,
    home: ['src/std/clock.ts'],
    advice: 'time comes from the Clock you were given (src/std/clock.ts)',
  },
  {
    word: /\bMath\.random\b|\brandomBytes\b|\brandomUUID\b|\bgetRandomValues\b/,
    home: ['src/std/random.ts'],
    advice: 'chance comes from the Random you were given (src/std/random.ts)',
  },
  {
    word: /\bprocess\.(env|argv|exit)\b/,
    home: ['src/main.ts'],
    advice: 'only main.ts speaks with the environment: take it as an option',
  },
  {
    word: /\bconsole\.\w+/,
    home: [],
    advice: 'log through the logger you were given',
  },
  {
    word: /\bnew (Shared)?ArrayBuffer\b/,
    home: ['src/zone/arena.ts', 'src/std/clock.ts'],
    advice: 'only the arena allocates memory; a small Uint8Array is fine',
  },
];

const wordsAtHome: Rule = (sources) =>
  HOMES.flatMap(({ word, home, advice }) =>
    matches(
      sources.filter((source) => isShipped(source) && !home.includes(source.path)),
      word,
      advice,
    ),
  );

const socketsInServer: Rule = (sources) =>
  sources
    .filter((source) => isShipped(source) && !source.path.startsWith('src/server/'))
    .filter((source) => importsOf(source).some((name) => /^(node:)?(net|tls)$/.test(name)))
    .map(({ path }) => `${path}: imports node:net or node:tls: only src/server/ knows sockets`);

const errorTexts: Rule = (sources) =>
  matches(
    sources.filter((source) => isShipped(source) && source.path !== 'src/resp/errors.ts'),
    /['"`]-?(ERR|WRONGTYPE|NOAUTH|NOPERM|EXECABORT|OOM|BUSYKEY|NOSCRIPT) /,
    'an error reply has its name in src/resp/errors.ts: use it, or add it there',
    ({ text }) => codeOf(text, true),
  );

const typesStayOn: Rule = (sources) => [
  ...matches(
    sources.filter(isTypeScript),
    /(:|<|\bas|\|) any\b(?!\w)|\bany\[\]|<any\b/,
    'say the type, or unknown and narrow it',
  ),
  ...matches(
    sources.filter((source) => isTypeScript(source) && !isThisFile(source)),
    /@ts-(ignore|nocheck)/,
    'let the compiler look: fix the type, or @ts-expect-error with the reason',
    ({ text }) => text,
  ),
  ...matches(
    sources.filter(isTypeScript),
    /^\s*(export )?(declare )?(const )?(enum|namespace) \w+/m,
    'an `as const` object, or a module: only erasable syntax runs everywhere',
  ),
];

// ── Text ────────────────────────────────────────────────────────────────────────────────────────

const headers: Rule = (sources) =>
  sources
    .filter((source) => isShipped(source) && !/^(#!.*\n)?\/\*\*\s*(\n \* )?\S/.test(source.text))
    .map(({ path }) => `${path}: begins without a header: say what it is, and the hard idea in it`);

const noLeftovers: Rule = (sources) =>
  matches(
    sources.filter((source) => !isThisFile(source) && !source.path.endsWith('package-lock.json')),
    /\b(TODO|FIXME|XXX|HACK)\b(?!-)/,
    'do it, or say in words what is missing and why',
    ({ text }) => text,
  );

const noMachinePaths: Rule = (sources) =>
  matches(
    sources.filter((source) => !isThisFile(source)),
    /(?<![.\w~*}])\/(work|tmp|root|home)\/\w*|https?:\/\/registry\.[\w.]+/,
    'an address of one machine: make it relative, an option, or os.tmpdir()',
    ({ text }) => text,
  );

const markdown: Rule = (sources) =>
  sources
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) => {
      const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
      const findings: string[] = [];
      const titles = prose.match(/^# .*/gm)?.length ?? 0;
      if (titles !== 1) findings.push(`${path}: ${titles} titles: one line that begins with '# '`);
      for (const [, target] of prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file, anchor] = target.split('#');
        const to = file === '' ? path : normalize(join(dirname(path), file));
        const isThere = sources.some(
          (source) => source.path === to || source.path.startsWith(`${to.replace(/\/$/, '')}/`),
        );
        if (!isThere) findings.push(`${path}: links to ${target}: no such file`);
        else if (anchor !== undefined && anchor !== '') {
          const there = sources.find((source) => source.path === to)?.text ?? '';
          const anchors = [...there.matchAll(/^#+ (.*)$/gm)].map(([, title]) => anchorOf(title));
          if (!anchors.includes(anchor)) {
            findings.push(`${path}: links to ${target}: no such heading there`);
          }
        }
      }
      return findings;
    });

/** bench/README.md says of every bench, and of no other, which question it answers. */
const benchesAreListed: Rule = (sources) => {
  const page = sources.find(({ path }) => path === 'bench/README.md')?.text ?? '';
  const listed = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  const there = sources.flatMap(({ path }) => /^bench\/(\w+)\.bench\.ts$/.exec(path)?.[1] ?? []);
  return [
    ...there
      .filter((name) => !listed.includes(name))
      .map((name) => `bench/${name}.bench.ts: no row in bench/README.md: say what it asks`),
    ...listed
      .filter((name) => !there.includes(name))
      .map((name) => `bench/README.md: ${name}: no such bench: take its row out`),
  ];
};

/** The name a heading gets in an address, as GitHub makes it. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

// ── The suite itself ────────────────────────────────────────────────────────────────────────────

/** Names in usage lines: GETEX, or CONFIG GET where a second word in capitals follows. */
function commandNames(source: Source): string[] {
  const code = codeOf(source.text, true);
  return [...code.matchAll(/\bsyntax:\s*['"`]([A-Z][A-Z.]*(?: [A-Z][A-Z-]*(?![\w|]))?)/g)].map(
    (match) => match[1],
  );
}

const commandsAreCompared: Rule = (sources) => {
  // ['CONFIG', 'GET', …] reads as CONFIG GET too.
  const lines = sources
    .filter(({ path }) => path.startsWith('test/conformance/'))
    .map(({ text }) => text.replace(/['"],\s*['"]/g, ' ').toUpperCase())
    .join('\n');
  return sources
    .filter(({ path }) => path.startsWith('commands/'))
    .filter(({ path }) => !['session', 'zone'].includes(familyOf(path)))
    .flatMap((source) =>
      commandNames(source)
        .filter((name) => !new RegExp(`['"\`]${name.replace('.', '\\.')}(?![\\w-])`).test(lines))
        .map((name) => `${source.path}: ${name}: compare it with redis in test/conformance/`),
    );
};

const noNarrowedTests: Rule = (sources) =>
  matches(
    sources.filter(({ path }) => /^test\/.*\.ts$/.test(path)),
    /\b(it|test|describe)\.(only|skip|todo)\(/,
    'run it, or delete it',
  );

/** Every rule, the sentence it holds, and an example it must find fault with. */
const rules: readonly [sentence: string, rule: Rule, ...bad: [path: string, text: string][]][] = [
  [
    'imports go down through the layers',
    layers,
    ['src/zone/a.ts', "import { b } from '../value/b.ts';"],
    ['src/resp/a.ts', "import type {\n  B,\n} from '../zone/b.ts';"],
    ['commands/list.ts', "import { b } from './string.ts';"],
    ['commands/list.ts', "import { b } from '../src/zone/zone.ts';"],
    ['commands/list.ts', "import { b } from '../src/server/server.ts';"],
    ['src/std/a.ts', "const b = await import('../../test/b.ts');"],
    ['src/misc/a.ts', ''],
  ],
  ['imports have no cycles', acyclic, ['src/std/a.ts', "export { a } from './a.ts';"]],
  ['every file is used', noDeadFiles, ['src/std/a.ts', ''], ['test/support/a.ts', '']],
  ['exports have names', namedExportsOnly, ['src/a.ts', "export * from './b.ts';"]],
  [
    'words with one home stay there',
    wordsAtHome,
    ['src/std/a.ts', 'const now = Date.now();'],
    ['src/std/a.ts', `const text = \`\${Math.random()}\`;`],
    ['src/index.ts', 'const port = process.env.PORT;'],
    ['commands/a.ts', "console.log('here');"],
    ['src/value/a.ts', 'const block = new SharedArrayBuffer(8);'],
  ],
  ['sockets are known in src/server only', socketsInServer, ['src/a.ts', "import 'node:net';"]],
  ['error replies have names', errorTexts, ['commands/a.ts', "reply.error('ERR no such key');"]],
  [
    'types are never switched off',
    typesStayOn,
    ['src/a.ts', 'let a: any;'],
    ['src/a.ts', 'const a = b as any;'],
    ['test/a.ts', '// @ts-ignore'],
    ['src/a.ts', 'export const enum A {}'],
    ['src/a.ts', 'namespace a {}'],
  ],
  ['every file of the product has a header', headers, ['src/a.ts', "import './b.ts';"]],
  ['nothing is left over', noLeftovers, ['README.md', 'TODO: write']],
  [
    'no path of a machine, no registry',
    noMachinePaths,
    ['a.md', 'see /tmp/a'],
    ['.npmrc', 'registry=https://registry.example.org'],
  ],
  [
    'pages have one title and their links resolve',
    markdown,
    ['a.md', '# One\n# Two\n'],
    ['a.md', '# One\nsee [two](two.md)\n'],
    ['a.md', '# One\nsee [two](#two)\n'],
  ],
  [
    'every bench has its row in the table of benches',
    benchesAreListed,
    ['bench/a.bench.ts', ''],
    ['bench/README.md', '| bench | question |\n|---|---|\n| `a` | how many |\n'],
  ],
  [
    'every command is compared with redis',
    commandsAreCompared,
    ['commands/string.ts', "command({ syntax:\n  'GETEX key [EX seconds]' });"],
    ['commands/server/config.ts', "command({ syntax: 'CONFIG GET parameter' });"],
  ],
  ['no test is skipped', noNarrowedTests, ['test/a.test.ts', "it.only('works', () => {});"]],
];

const files = projectFiles();
const isWhole = files.some(({ path }) => path === 'src/main.ts');

describe('tidy', () => {
  for (const [sentence, rule, ...bad] of rules) {
    it(sentence, () => {
      for (const [path, text] of bad) {
        expect(rule([{ path, text }]), `finds fault with ${path}: ${text}`).not.toEqual([]);
      }
      // Without its entry points the tree is all dead.
      if (rule === noDeadFiles && !isWhole) return;
      expect(rule(files)).toEqual([]);
    });
  }

  it('code is told from comments, strings, templates and regular expressions', () => {
    expect(codeOf("a('b') // c\n/* d */ e")).toBe("a(' ')     \n        e");
    expect(codeOf('`a$' + '{b(`c$' + '{d}`)}e` + f')).toBe('` $' + '{b(` $' + '{d}`)} ` + f');
    expect(codeOf(`x = /'[/"]/.test(y) / 2; '\\'' + z`)).toBe(`x = /     /.test(y) / 2; '  ' + z`);
    expect(codeOf("a('b') // c", true)).toBe("a('b')     ");
  });

  it('names of commands are read from usage lines', () => {
    const text = `command({ syntax: 'CONFIG GET parameter [parameter ...]' });
      command({ syntax: 'GET key' }); command({ syntax: 'FLUSHALL [ASYNC | SYNC]' });
      command({ syntax: 'SESSION.SET name key' }); command({ syntax: 'CLIENT NO-EVICT <ON | OFF>' });`;
    expect(commandNames({ path: 'commands/a.ts', text })).toEqual([
      'CONFIG GET',
      'GET',
      'FLUSHALL',
      'SESSION.SET',
      'CLIENT NO-EVICT',
    ]);
  });
});
