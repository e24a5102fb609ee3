import { describe, expect, it } from 'vitest';
import * as commandFamily from '../../../commands/server/command.ts';
import { type CommandDefinition, type Definition, family } from '../../../src/dispatch/command.ts';
import { Registry } from '../../../src/dispatch/registry.ts';
import { recorded } from './recorded/commands.ts';
import { samples } from './samples.ts';
import { commandFrom, replyOf } from './support.ts';

const { command, container } = family('string');

function define(facts: Partial<CommandDefinition>) {
  const definition = { syntax: 'GET key', summary: '', since: '1.0.0', run() {}, ...facts };
  return command(definition);
}

/** What is wrong in a definition is found when it is asked for. */
const all = (...families: Definition[][]) => [...new Registry(families).all()];

describe('what Redis says of a command follows from its definition', () => {
  const registry = new Registry([samples, Object.values(commandFamily)]);
  const withoutSummary = (text: string) => text.replace('$7 summary $0  ', '');

  for (const [name, { info, docs }] of Object.entries(recorded)) {
    it(`COMMAND INFO ${name}`, () => {
      expect(replyOf(registry, 'COMMAND', 'INFO', name)).toBe(info);
    });
    it(`COMMAND DOCS ${name}`, () => {
      expect(withoutSummary(replyOf(registry, 'COMMAND', 'DOCS', name))).toBe(docs);
    });
  }
});

describe('a definition is refused', () => {
  const refusals: readonly [string, Partial<CommandDefinition>, string][] = [
    ['with the arity that follows', { arity: 2, keys: 'RO' }, 'arity follows'],
    ['without the use of a key', {}, '0 uses of keys, where the syntax has 1'],
    ['with more uses than keys', { keys: ['RO', 'RW'] }, '2 uses of keys'],
    ['with an unknown use', { keys: 'RO look' }, 'unknown key flag look'],
    ['with an unknown flag', { keys: 'RO', flags: ['quick' as 'fast'] }, 'unknown flag quick'],
    ['with a flag twice', { keys: 'RO', flags: ['fast', 'fast'] }, 'twice'],
    ['with the flag its keys imply', { keys: 'OW', flags: ['write'] }, 'write follows'],
    ['with a category that is implied', { keys: 'RO', categories: ['read'] }, '@read is implied'],
    [
      'without a category that is not implied',
      { keys: 'RO', notCategories: ['fast'] },
      '@fast is not implied',
    ],
  ];
  for (const [how, facts, why] of refusals) {
    it(how, () => {
      expect(() => all([define(facts)])).toThrow(why);
      expect(() => all([define(facts)])).toThrow('GET key');
    });
  }

  it('when its name is taken', () => {
    const get = define({ keys: 'RO' });
    expect(() => all([get], [get])).toThrow('get is defined twice');
    const config = container({ name: 'CONFIG', summary: '', since: '2.0.0', help: [] });
    const configGet = define({ syntax: 'CONFIG GET parameter' });
    expect(() => all([config, configGet, configGet])).toThrow('config|get is defined');
    expect(() => all([config, define({ syntax: 'CONFIG HELP' })])).toThrow('twice');
  });

  it('when it is a subcommand of no container', () => {
    const configGet = define({ syntax: 'CONFIG GET parameter' });
    expect(() => all([configGet])).toThrow('CONFIG is no container');
  });
});

describe('flags', () => {
  const flagsOf = (facts: Partial<CommandDefinition>) => commandFrom([define(facts)]).flags;

  it('write and readonly follow from keys, unless stated otherwise', () => {
    expect(flagsOf({ keys: 'RO access' }).has('readonly')).toBe(true);
    expect(flagsOf({ keys: 'RM delete' }).has('write')).toBe(true);
    expect([...flagsOf({ keys: 'RW', flags: ['readonly'] })]).toEqual(['readonly']);
    expect([...flagsOf({ keys: 'RW', notFlags: ['write'] })]).toEqual([]);
    expect([...flagsOf({ keys: 'RO not_key' })]).toEqual([]);
  });

  it('movablekeys marks keys that three numbers cannot tell', () => {
    const line = { syntax: 'EVAL script numkeys [key [key ...]]', keys: 'RO' };
    expect(flagsOf(line).has('movablekeys')).toBe(true);
    expect(flagsOf({ findKeys: () => [] }).has('movablekeys')).toBe(true);
    expect(flagsOf({ keys: 'RO', findKeys: () => [] }).has('movablekeys')).toBe(false);
  });
});

describe('a container', () => {
  const help = ['GET <pattern>', '    Return parameters.'];
  const config = container({ name: 'CONFIG', summary: '', since: '2.0.0', help });

  it('wants a subcommand, and does nothing by itself', () => {
    const { arity, run, categories } = commandFrom([config]);
    expect([arity, run, categories]).toEqual([-2, undefined, ['slow']]);
  });

  it('answers HELP with its lines between the usual first and last ones', () => {
    const registry = new Registry([[config]]);
    expect(replyOf(registry, 'config', 'help')).toBe(
      '*5 +CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are: ' +
        '+GET <pattern> +    Return parameters. +HELP +    Print this help.',
    );
    expect(registry.byName('config|help')?.arity).toBe(2);
  });

  it('may be a command too', () => {
    const { arity, run } = commandFrom(Object.values(commandFamily), 'command');
    expect(arity).toBe(-1);
    expect(run).toBeTypeOf('function');
  });
});
