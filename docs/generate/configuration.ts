/** Makes docs/configuration.md from the table of directives. */

import type { Directive } from '../../src/instance/config/directive.ts';
import { directives } from '../../src/instance/config/directives.ts';
import { version } from '../../src/instance/version.ts';

const INTRODUCTION = `# Configuration

<!-- Made by \`make docs\` from the table in src/instance/config/directives.ts. -->

Zonis reads files in the syntax of \`redis.conf\`, and takes each of their lines on the command line:

    zonis /etc/zonis.conf --port 7000 --zone sessions 256mb allkeys-lru
    echo 'maxmemory 1gb' | zonis -

The file comes first, then standard input, then the command line; the last line for a directive
counts. \`include FILE\` reads another file at its place, or all that match a pattern. \`#\` begins a
comment. Values with spaces are written in quotes: \`"double"\` knows \`\\n\`, \`\\"\` and \`\\xff\`, \`'single'\`
only \`\\'\`.

Memory is written in bytes or with a unit: \`1k\` is 1000 bytes, \`1kb\` is 1024; likewise \`m\`, \`mb\`, \`g\`
and \`gb\`.

Two more lines are no directives with a value: \`user NAME RULE ...\` defines [a user](users.md), and
\`rename-command NAME OTHER\` lets requests name a command otherwise, or not at all if OTHER is \`""\`.

\`CONFIG GET\` shows every directive, \`CONFIG SET\` changes the live ones, several at once or none of
them, and \`CONFIG REWRITE\` puts what is in force into the file it came from. Guarded ones reach the
file system: \`CONFIG SET\` changes them where \`enable-protected-configs\` lets it.

A line that is not understood ends the start with exit code 1 and says where it stands:

    *** FATAL CONFIG FILE ERROR (Zonis ${version}) ***
    Reading the configuration file, at line 4 of /etc/zonis.conf
    >>> 'maxmemory lots'
    argument must be a memory value
`;

const IGNORED = `## Accepted, without effect

So that a file written for Redis 7.2 starts this server too, its other directives are checked, kept,
shown and rewritten like those above. A start that sets one of them logs a warning.
`;

export function configurationPage(): string {
  const all = Object.entries<Directive<unknown>>(directives).filter(([, { hidden }]) => !hidden);
  const acting = all.flatMap(([name, directive]) =>
    'doc' in directive
      ? [
          [
            names(name, directive),
            directive.type,
            initial(name, directive),
            live(directive),
            directive.doc,
          ],
        ]
      : [],
  );
  const ignored = all.flatMap(([name, directive]) =>
    'ignored' in directive
      ? [[names(name, directive), initial(name, directive), live(directive), directive.ignored]]
      : [],
  );
  return [
    INTRODUCTION,
    '## Directives',
    '',
    ...table(['directive', 'value', 'default', 'live', 'what it does'], acting),
    '',
    IGNORED,
    ...table(['directive', 'default', 'live', 'why it does nothing'], ignored),
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function names(name: string, { alias }: Directive<unknown>): string {
  return alias === undefined ? `\`${name}\`` : `\`${name}\`, also \`${alias}\``;
}

/** As a file has it, which has units where CONFIG GET has bytes. */
function initial(name: string, directive: Directive<unknown>): string {
  if (directive.isDirectory) return 'where it was started';
  const { initial: state, lines } = directive;
  const texts = lines(name, state).map(({ text }) => text.slice(name.length + 1));
  const values = texts.length > 0 ? texts : [state ?? ''];
  return values
    .map((value) => (value === '' || value === '""' ? 'none' : `\`${value}\``))
    .join(', ');
}

function live({ fixed, guarded }: Directive<unknown>): string {
  if (fixed) return 'no';
  return guarded ? 'guarded' : 'yes';
}
