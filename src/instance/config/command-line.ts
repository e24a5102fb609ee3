/**
 * The command line: what the program was started with, as a file to read and lines to add to it.
 *
 *   zonis /etc/zonis.conf --port 7000 --zone 'sessions 16mb allkeys-lru' -
 *         └─ file ──────┘ └─ lines, after the file and standard input ┘  └─ standard input too
 *
 * What follows an option belongs to it up to the next one: `--bind 127.0.0.1 ::1`. An option with
 * no value yet takes the next argument even if that begins with dashes, since a password may:
 * `--requirepass --secret`. Only `--save` is content with nothing. These are the rules of
 * redis-server 7.2; scripts rely on the odd ones too.
 */

import { quoted, splitWords, toLatin1 } from './words.ts';

export interface CommandLine {
  readonly action: 'run' | 'version' | 'help';
  /** Path of the configuration file, as the system has it. */
  readonly file: string | undefined;
  /** Whether standard input is read as a further file. */
  readonly readsStdin: boolean;
  /** Directives given as options, one line each, in latin1. */
  readonly lines: readonly string[];
}

/** Reads the arguments after the program's own name. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [first] = argv;
  if (first === '-v' || first === '--version') return only('version');
  if (first === '-h' || first === '--help') return only('help');
  const hasFile = first !== undefined && !first.startsWith('-');
  let readsStdin = false;
  let isSatisfied = true; // Whether the last option has a value.
  const lines: string[] = [];
  for (let i = hasFile ? 1 : 0; i < argv.length; i++) {
    const argument = toLatin1(argv[i]);
    const isLast = i === argv.length - 1;
    if (argument === '-' && (i === 0 || isLast)) {
      readsStdin = true;
    } else if (isSatisfied && argument.startsWith('--')) {
      // '--port 7000' may be one argument. Otherwise its value is to come.
      isSatisfied = splitWords(argument)?.length !== 1;
      let line = `${argument.slice(2)} `;
      if (!isSatisfied && argument.toLowerCase() === '--save') {
        isSatisfied = !isLast && argv[i + 1].startsWith('--');
        if (isSatisfied || isLast) line += '""';
      }
      lines.push(line);
    } else {
      // What comes before any option is a line of its own, and no directive.
      if (lines.length === 0) lines.push('');
      lines[lines.length - 1] += `${quoted(argument)} `;
      isSatisfied = true;
    }
  }
  return { action: 'run', file: hasFile ? first : undefined, readsStdin, lines };
}

function only(action: 'version' | 'help'): CommandLine {
  return { action, file: undefined, readsStdin: false, lines: [] };
}

/** What --help prints. */
export function usage(program: string): string {
  return `Usage: ${program} [FILE] [--DIRECTIVE VALUE ...] [-]

  FILE                 a file in the syntax of redis.conf
  --DIRECTIVE VALUE    any line of such a file, read after it
  -                    reads further lines from standard input, first or last
  -v, --version        prints the version
  -h, --help           prints this

Examples:
  ${program}
  ${program} /etc/${program}.conf
  ${program} --port 7000 --maxmemory 1gb
  ${program} --zone sessions 256mb allkeys-lru
  echo 'maxmemory 128mb' | ${program} -
`;
}
