import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../../src/instance/config/command-line.ts';
import { type Files, systemFiles } from '../../../../src/instance/config/files.ts';
import {
  ConfigError,
  type LoadingEnvironment,
  loadConfiguration,
} from '../../../../src/instance/config/load.ts';
import { Config } from '../../../../src/instance/config.ts';

/** Files that are only texts here. */
function filesOf(texts: Readonly<Record<string, string>>): Files {
  const absent = () => Object.assign(new Error('?'), { errno: -2 });
  return {
    read(path) {
      if (!(path in texts)) throw absent();
      return texts[path];
    },
    expand: (pattern) => {
      const [before, after] = pattern.split('*');
      return Object.keys(texts).filter((path) => path.startsWith(before) && path.endsWith(after));
    },
    probe(path) {
      if (!(path in texts)) throw absent();
    },
    replace() {},
  };
}

interface Given extends Partial<LoadingEnvironment> {
  readonly stdin?: string;
  readonly texts?: Readonly<Record<string, string>>;
}

function load(argv: readonly string[], { stdin = '', texts = {}, ...rest }: Given = {}): Config {
  const config = new Config();
  const files = filesOf(texts);
  loadConfiguration(config, parseCommandLine(argv), {
    files,
    readStdin: () => stdin,
    renameCommand: () => undefined,
    ...rest,
  });
  return config;
}

function failure(argv: readonly string[], given: Given = {}): ConfigError {
  try {
    load(argv, given);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it loaded');
}

describe('a configuration', () => {
  it('is read from the file, then standard input, then the command line', () => {
    const texts = { '/z.conf': 'port 1\n hz 1 \r\n# timeout 1\n\ntimeout 1' };
    const stdin = 'hz 2\ntimeout 2\n';
    const config = load(['/z.conf', '--timeout', '3', '-'], { texts, stdin });
    expect(config.values).toMatchObject({ port: 1, hz: 2, timeout: 3 });
    expect(config.file).toBe('/z.conf');
    expect(load([]).file).toBeUndefined();
  });

  it('passes over lines of blanks, whatever blanks', () => {
    expect(load(['-'], { stdin: '\v\n\f \n \t\nhz 2\n' }).values.hz).toBe(2);
  });

  it('knows names in any case and older names', () => {
    const config = load(['--MaxClients', '9', '--hash-max-ziplist-entries', '8']);
    expect(config.values).toMatchObject({ maxclients: 9, hashMaxListpackEntries: 8 });
  });

  it('includes files at their place, by name or by pattern', () => {
    const texts = {
      '/z.conf': 'hz 1\ninclude /a.conf\ntimeout 1\ninclude /none/*.conf\ninclude "/d/*.conf"',
      '/a.conf': 'hz 2\ntimeout 2',
      '/d/1.conf': 'maxclients 1',
      '/d/2.conf': 'maxclients 2',
    };
    expect(load(['/z.conf'], { texts }).values).toMatchObject({ hz: 2, timeout: 1, maxclients: 2 });
  });

  it('takes several words in one pair of quotes', () => {
    const { values } = load([
      '--bind',
      '::1 127.0.0.1',
      '--zone',
      'cache 1mb',
      '--save',
      '1 2 3 4',
    ]);
    expect(values.bind).toEqual(['::1', '127.0.0.1']);
    expect(values.zone.map(({ name }) => name)).toEqual(['sessions', 'cache']);
    expect(values.save).toHaveLength(2);
  });

  it('gathers save points, zones and limits of classes from further lines', () => {
    const texts = {
      '/z.conf': [
        'save 60 1',
        'client-output-buffer-limit pubsub 1mb 2 3',
        'save 10 2',
        'zone a 1mb noeviction',
        'client-output-buffer-limit normal 4 5 6',
      ].join('\n'),
    };
    const config = load(['/z.conf', '--zone', 'sessions', '2mb'], { texts });
    expect(config.show('save')).toBe('60 1 10 2');
    expect(config.show('zone')).toBe('sessions 2097152 allkeys-lru a 1048576 noeviction');
    expect(config.show('client-output-buffer-limit')).toBe(
      'normal 4 5 6 slave 268435456 67108864 60 pubsub 1048576 2 3',
    );
  });

  it('tells an absent session-prefix from an empty one', () => {
    expect(load([]).values.sessionPrefix).toBeUndefined();
    expect(load(['--session-prefix', '']).values.sessionPrefix).toBe('');
  });

  it('keeps a password of any bytes', () => {
    const texts = { '/z.conf': 'requirepass "\\x00\\xff \xfc"' };
    expect(load(['/z.conf'], { texts }).values.requirepass).toBe('\x00\xff \xfc');
  });

  it('takes what redis takes and forgets', () => {
    load(['--list-max-ziplist-value', '3', '--lua-replicate-commands', 'yes']);
  });

  it('hands over what renames commands', () => {
    const seen: unknown[] = [];
    load(['--rename-command', 'FLUSHALL', ''], {
      renameCommand: (from, to) => void seen.push([from, to]),
    });
    expect(seen).toEqual([['FLUSHALL', '']]);
  });

  it('has users, each in several words or in one', () => {
    const texts = { '/z.conf': 'user a on >x +none (~b* +get)\nuser "b on nopass"' };
    expect(load(['/z.conf', '--user', 'c', 'off'], { texts }).users).toEqual([
      ['a', 'on', '>x', '+none', '(~b*', '+get)'],
      ['b', 'on', 'nopass'],
      ['c', 'off'],
    ]);
  });
});

describe('a configuration that is wrong', () => {
  /** Options and the reason: each as redis-server 7.2.6 has it. */
  const REASONS: readonly [argv: string[], reason: string][] = [
    [['--foo', 'bar'], 'Bad directive or wrong number of arguments'],
    [['--port'], 'wrong number of arguments'],
    [['--port', '1', '2'], 'wrong number of arguments'],
    [['--port', ''], "argument couldn't be parsed into an integer"],
    [['--requirepass "abc'], 'Unbalanced quotes in configuration line'],
    [['--unixsocketperm', '8'], "argument couldn't be parsed as an octal number"],
    [['--unixsocketperm', '1000'], 'argument must be between 0 and 777 inclusive'],
    [['--logfile', '/none/x'], "Can't open the log file: No such file or directory"],
    [['--foo.bar'], 'Module config specified without value'],
    [['--save', '1'], 'Invalid save parameters'],
    [
      ['--client-output-buffer-limit', 'normal 1'],
      'Wrong number of arguments in buffer limit configuration.',
    ],
    [['--include', 'x', 'y'], 'Bad directive or wrong number of arguments'],
    [['--rename-command', 'x'], 'Bad directive or wrong number of arguments'],
    [['--user'], 'Bad directive or wrong number of arguments'],
    [['--appendfilename', 'a/b'], "appendfilename can't be a path, just a filename"],
    [['--appendfilename', ''], "appendfilename can't be empty"],
    [['--appenddirname', 'a/b'], "appenddirname can't be a path, just a dirname"],
    [['--replicaof', 'h'], 'wrong number of arguments'],
    [['--replicaof', 'h', '70000'], 'Invalid master port'],
    [['--sentinel', 'x'], 'sentinel directive while not in sentinel mode'],
    [
      ['x.conf'],
      `Fatal error, can't open config file '${process.cwd()}/x.conf': No such file or directory`,
    ],
    [
      ['--include', 'x.conf'],
      "Fatal error, can't open config file 'x.conf': No such file or directory",
    ],
    // Ours.
    [['--user', 'a', 'on', 'x'], "Error in user declaration 'x': Syntax error"],
    [
      ['--user', 'a', '--user', 'a'],
      "Error in user declaration 'a': Duplicate user found. A user can only be defined once in " +
        'config files',
    ],
    [
      ['--user', 'a', '(~x', '+get'],
      "Error in user declaration '(~x': Unmatched parenthesis in acl selector starting at '(~x'.",
    ],
    [['--loadmodule', 'a.so'], 'There are no modules'],
    [['--session-zone', 'x'], "session-zone: no zone 'x' is declared"],
  ];
  for (const [argv, reason] of REASONS) {
    it(`${argv.join(' ')}: ${reason}`, () => {
      expect(failure(argv).reason).toBe(reason);
    });
  }

  it('is reported with its line, in the form of redis', () => {
    const texts = { '/z.conf': 'port 7000\n\n# c\n  foo bar \n' };
    expect(failure(['/z.conf'], { texts }).report('Zonis 1.2.3')).toBe(
      [
        '',
        '*** FATAL CONFIG FILE ERROR (Zonis 1.2.3) ***',
        'Reading the configuration file, at line 4 of /z.conf',
        ">>> 'foo bar'",
        'Bad directive or wrong number of arguments',
        '',
      ].join('\n'),
    );
  });

  it('is reported with the included file, standard input or the command line', () => {
    const texts = { '/z.conf': 'hz 1\ninclude /a.conf\n', '/a.conf': '\nport x\n' };
    const where = ({ source, lineNumber, text }: ConfigError) => [source, lineNumber, text];
    expect(where(failure(['/z.conf'], { texts }))).toEqual(['/a.conf', 2, 'port x']);
    const stdin = 'port 1\nport x';
    expect(where(failure(['-'], { stdin }))).toEqual(['standard input', 2, 'port x']);
    const options = failure(['--hz', '1', '--port', 'x']);
    expect(where(options)).toEqual(['the command line', 2, 'port "x"']);
  });

  it('without a line is reported without one', () => {
    const [, , second] = failure(['--session-zone', 'x']).report('Zonis 1.2.3').split('\n');
    expect(second).toBe("session-zone: no zone 'x' is declared");
  });

  it('may include itself only so often', () => {
    const texts = { '/z.conf': 'include /z.conf' };
    expect(failure(['/z.conf'], { texts }).reason).toBe('Too many files that include one another');
  });

  it('is told of by the one who renames', () => {
    const renameCommand = () => 'No such command in rename-command';
    const argv = ['--rename-command', 'a', 'b'];
    expect(failure(argv, { renameCommand }).reason).toBe('No such command in rename-command');
  });
});

describe('files of the system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zonis-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are found by pattern, read, probed and replaced whole', () => {
    const path = (name: string) => join(folder, name);
    for (const name of ['b.conf', 'a.conf', '.hidden.conf', 'a.txt']) {
      writeFileSync(path(name), Buffer.from('\xff\n', 'latin1'));
    }
    expect(systemFiles.expand(path('*.conf'))).toEqual([path('a.conf'), path('b.conf')]);
    expect(systemFiles.expand(join(tmpdir(), 'zonis-*', '[b]?conf'))).toContain(path('b.conf'));
    expect(systemFiles.expand(path('none/*'))).toEqual([]);
    expect(systemFiles.read(path('a.conf'))).toBe('\xff\n');
    systemFiles.probe(path('new.log'));
    expect(() => systemFiles.probe(path('none/new.log'))).toThrow('ENOENT');
    systemFiles.replace(path('a.conf'), 'x\xfe');
    expect(readFileSync(path('a.conf'))).toEqual(Buffer.from([0x78, 0xfe]));
    expect(statSync(path('a.conf')).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(systemFiles.expand(path('a.conf*'))).toEqual([path('a.conf')]);
    // One with the same process number was killed before, as happens in containers.
    writeFileSync(path(`a.conf.${process.pid}.new`), 'half');
    systemFiles.replace(path('a.conf'), 'y');
    expect(systemFiles.read(path('a.conf'))).toBe('y');
    expect(() => systemFiles.replace(path('none/a'), 'x')).toThrow('ENOENT');
  });
});
