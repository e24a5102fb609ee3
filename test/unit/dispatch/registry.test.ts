import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as commandFamily from '../../../commands/server/command.ts';
import { Registry } from '../../../src/dispatch/registry.ts';
import { Argv } from '../../../src/resp/argv.ts';
import { samples } from './samples.ts';
import { replyOf } from './support.ts';

const registry = new Registry([samples, Object.values(commandFamily)]);
const find = (name: string) => registry.find(Argv.of(name))?.name;

describe('looking a command up', () => {
  it('finds every name in any case', () => {
    for (const { name } of registry.commands) {
      expect(find(name)).toBe(name);
      expect(find(name.toUpperCase())).toBe(name);
      expect(find(name[0].toUpperCase() + name.slice(1))).toBe(name);
    }
  });

  it('finds the same command again, and then another', () => {
    expect(['GET', 'get', 'SET', 'GET'].map(find)).toEqual(['get', 'get', 'set', 'get']);
  });

  it('finds nothing for what is no name', () => {
    for (const name of ['', 'ge', 'gett', 'get ', 'g\x45t\0', 'config|get', 'x'.repeat(100_000)]) {
      expect(find(name), name.slice(0, 20)).toBe(undefined);
    }
    // Bytes that differ from a letter in the case bit alone.
    expect(find('\x07et')).toBe(undefined);
    expect(find('bitop\x7f')).toBe(undefined);
  });

  it('finds the name that equals the text, case aside, whatever the text', () => {
    const names = registry.commands.map(({ name }) => name);
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom(...names),
      fc
        .tuple(fc.constantFrom(...names), fc.nat(12), fc.nat(255))
        .map(
          ([name, at, byte]) => name.slice(0, at) + String.fromCharCode(byte) + name.slice(at + 1),
        ),
    );
    fc.assert(
      fc.property(text, (word) => {
        const lower = word.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
        expect(find(word)).toBe(names.find((name) => name === lower));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('goes by other names where these are given', () => {
    const renamed = new Registry([samples, Object.values(commandFamily)]);
    const finds = (name: string) => renamed.find(Argv.of(name))?.fullName;
    expect(finds('get')).toBe('get');
    expect(renamed.rename('GET', 'Fetch-\xc9')).toBeUndefined();
    expect([finds('get'), finds('fETCH-\xc9'), finds('fetch-\xe9')]).toEqual([
      ...[undefined, 'get', undefined],
    ]);
    expect(renamed.rename('set', '')).toBeUndefined();
    expect(renamed.rename('config', 'set')).toBeUndefined();
    expect([finds('set'), finds('config')]).toEqual(['config', undefined]);
    // Inside, they keep the names they are defined with.
    expect(renamed.byName('set')?.fullName).toBe('set');
    expect(renamed.inUse('set|get')?.fullName).toBe('config|get');
    expect(renamed.inUse('config|get')).toBeUndefined();
    expect(replyOf(renamed, 'COMMAND', 'INFO', 'get')).toBe('*1 _');
    expect(replyOf(renamed, 'COMMAND', 'INFO', 'set')).toContain('$6 config ');
    expect(replyOf(renamed, 'COMMAND', 'LIST').split(' ')).not.toContain('set');
    expect(renamed.commands.length).toBe(registry.commands.length - 1);
    expect([...renamed.all()].length).toBe([...registry.all()].length);
  });

  it('takes no name that is no command, and none that is taken', () => {
    const renamed = new Registry([samples, Object.values(commandFamily)]);
    for (const name of ['none', '', 'config|get']) {
      expect(renamed.rename(name, 'x')).toBe('No such command in rename-command');
    }
    expect(renamed.rename('get', 'SET')).toBe('Target command name already exists');
  });

  it('finds subcommands below their container only', () => {
    const config = registry.byName('config')!;
    const sub = (name: string) => registry.findSubcommand(config, Argv.of('config', name));
    expect(sub('geT')?.fullName).toBe('config|get');
    expect(sub('help')?.fullName).toBe('config|help');
    expect(sub('kill')).toBe(undefined);
  });
});

describe('full names', () => {
  it('are looked up whole', () => {
    expect(registry.byName('GET')?.fullName).toBe('get');
    expect(registry.byName('Config|Get')?.fullName).toBe('config|get');
    for (const name of ['', '|', 'get|', 'get|x', 'config|', 'config|get|x', 'none|get']) {
      expect(registry.byName(name), name).toBe(undefined);
    }
  });
});

describe('COMMAND', () => {
  it('counts commands, not subcommands', () => {
    const count = registry.commands.length;
    expect(replyOf(registry, 'COMMAND', 'COUNT')).toBe(`:${count}`);
    expect(replyOf(registry, 'COMMAND')).toMatch(new RegExp(`^\\*${count} \\*10 `));
    expect(replyOf(registry, 'COMMAND', 'INFO')).toBe(replyOf(registry, 'COMMAND'));
    expect(replyOf(registry, 'COMMAND', 'DOCS')).toMatch(new RegExp(`^%${count} `));
  });

  it('INFO answers null for what there is not, DOCS nothing', () => {
    expect(replyOf(registry, 'COMMAND', 'INFO', 'none', 'get|x')).toBe('*2 _ _');
    expect(replyOf(registry, 'COMMAND', 'DOCS', 'none')).toBe('%0');
  });

  it('INFO holds the subcommands of a container', () => {
    expect(replyOf(registry, 'COMMAND', 'INFO', 'config')).toContain('*3 *10 $11 config|help');
    expect(replyOf(registry, 'COMMAND', 'DOCS', 'config')).toContain('$11 subcommands %3 $11 ');
  });

  it('LIST filters names by pattern and category', () => {
    const list = (...words: string[]) => replyOf(registry, 'COMMAND', 'LIST', ...words);
    expect(list()).toContain('$10 config|get');
    expect(list('FILTERBY', 'PATTERN', 'CONFIG|*')).toBe(
      '*3 $11 config|help $10 config|get $10 config|set',
    );
    expect(list('filterby', 'aclcat', 'Bitmap')).toBe('*2 $5 bitop $6 bitpos');
    expect(list('FILTERBY', 'ACLCAT', 'none')).toBe('*0');
    expect(list('FILTERBY', 'MODULE', 'any')).toBe('*0');
  });

  it('LIST refuses anything else', () => {
    for (const words of [['x'], ['FILTERBY'], ['FILTERBY', 'ACLCAT'], ['FILTERBY', 'x', 'y']]) {
      expect(replyOf(registry, 'COMMAND', 'LIST', ...words)).toBe('-ERR syntax error');
    }
    expect(replyOf(registry, 'COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'fast', 'x')).toBe(
      '-ERR syntax error',
    );
  });
});
