import { describe, expect, it } from 'vitest';
import { parseCommandLine, usage } from '../../../../src/instance/config/command-line.ts';

/** Arguments, and the file, standard input ('-') and lines found in them. Lines as in redis. */
const CASES: readonly [argv: string[], file: string | undefined, stdin: string, lines: string[]][] =
  [
    [[], undefined, '', []],
    [['a.conf'], 'a.conf', '', []],
    [['--port', '7000'], undefined, '', ['port "7000" ']],
    [['a.conf', '--port', '7000', '-'], 'a.conf', '-', ['port "7000" ']],
    [['-', '--port', '1'], undefined, '-', ['port "1" ']],
    [['-'], undefined, '-', []],
    [['--port 7000', '--bind 1 2'], undefined, '', ['port 7000 ', 'bind 1 2 ']],
    [['--bind', '1', '2', '--hz', '9'], undefined, '', ['bind "1" "2" ', 'hz "9" ']],
    [['--zone', 'sessions 16mb'], undefined, '', ['zone "sessions 16mb" ']],
    [['--requirepass', '--a "b'], undefined, '', ['requirepass "--a \\"b" ']],
    [['--save', ''], undefined, '', ['save "" ']],
    [['--save'], undefined, '', ['save ""']],
    [['--save', '--port', '1'], undefined, '', ['save ""', 'port "1" ']],
    [['--SAVE', '60 1'], undefined, '', ['SAVE "60 1" ']],
    [['--port', '--hz', '1'], undefined, '', ['port "--hz" "1" ']],
    [['--port'], undefined, '', ['port ']],
    [['--x', '-', 'y'], undefined, '', ['x "-" "y" ']],
    [['-x', '--port', '1'], undefined, '', ['"-x" ', 'port "1" ']],
    [['a.conf', '-x'], 'a.conf', '', ['"-x" ']],
    [['--pidfile', 'ü'], undefined, '', ['pidfile "\\xc3\\xbc" ']],
    [['ü.conf'], 'ü.conf', '', []],
  ];

describe('the command line', () => {
  for (const [argv, file, stdin, lines] of CASES) {
    it(JSON.stringify(argv), () => {
      expect(parseCommandLine(argv)).toEqual({
        action: 'run',
        file,
        readsStdin: stdin === '-',
        lines: lines.map((line) => expect.stringMatching(new RegExp(`^${escaped(line)}\\s*$`))),
      });
    });
  }

  it('asks for the version or for help only at the beginning', () => {
    const actionOf = (...argv: string[]) => parseCommandLine(argv).action;
    expect([actionOf('-v'), actionOf('--version')]).toEqual(['version', 'version']);
    expect([actionOf('-h'), actionOf('--help', 'x')]).toEqual(['help', 'help']);
    expect(actionOf('--port', '1', '-v')).toBe('run');
  });

  it('help names the program', () => {
    expect(usage('zonis')).toMatch(/^Usage: zonis \[FILE\]/);
  });
});

function escaped(text: string): string {
  return text.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
