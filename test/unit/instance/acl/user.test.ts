import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { families } from '../../../../commands/index.ts';
import { CATEGORIES } from '../../../../src/dispatch/categories.ts';
import { Registry } from '../../../../src/dispatch/registry.ts';
import { KEY_READ, KEY_WRITE } from '../../../../src/instance/acl/selector.ts';
import { checkDefinition, mergeSelectors, User } from '../../../../src/instance/acl/user.ts';
import { quotedWhereNeeded, splitWords } from '../../../../src/instance/config/words.ts';
import { ruleFaults } from '../../../../src/resp/errors.ts';
import { latin1Bytes } from '../../../../src/std/ascii.ts';

const commands = new Registry(families);
const everything = [...commands.all()];
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

function newUser(...rules: readonly string[]): User {
  const user = new User('u', { commands, allowsChannels: () => false });
  expect(user.set(rules)).toBeUndefined();
  return user;
}

/** Names of the commands a user may run without looking at keys. */
function commandsOf(user: User): string[] {
  return everything
    .filter((one) => user.selectors.some((s) => s.allowsCommand(one, () => undefined)))
    .map(({ fullName }) => fullName);
}

describe('a password', () => {
  it('is kept as its digest alone', () => {
    const user = newUser('on', '>abc');
    expect(user.passwords).toEqual([ABC]);
    expect(user.describe()).not.toContain('abc ');
    expect(newUser('on', `#${ABC}`).admits(latin1Bytes('abc'))).toBe(true);
  });

  it('admits who gives one of them, whatever its bytes', () => {
    const user = newUser('on', '>', '>a\0\xff', '>abc');
    for (const right of ['', 'a\0\xff', 'abc']) expect(user.admits(latin1Bytes(right))).toBe(true);
    for (const wrong of ['a', 'ab', 'abcd', 'a\0', ABC]) {
      expect(user.admits(latin1Bytes(wrong))).toBe(false);
    }
  });

  it('admits nobody to a user that is off, nor to one without any', () => {
    expect(newUser('>abc').admits(latin1Bytes('abc'))).toBe(false);
    expect(newUser('nopass').admits(latin1Bytes('abc'))).toBe(false);
    expect(newUser('on').admits(latin1Bytes(''))).toBe(false);
  });

  it('is of no use with nopass, which the next one ends', () => {
    const user = newUser('on', '>abc', 'nopass');
    expect(user.admits(latin1Bytes('other'))).toBe(true);
    expect(user.passwords).toEqual([]);
    expect(user.set(['>x'])).toBeUndefined();
    expect(user.admits(latin1Bytes('other'))).toBe(false);
  });
});

describe('rules', () => {
  it('hold all or none', () => {
    const user = newUser('on', '~a', '+get', '(~b +set)');
    const before = user.describe();
    for (const rules of [['off', 'x'], ['+set', '(~c', '+none)'], ['reset', '(~a'], ['<abc']]) {
      expect(user.set(rules)).toBeTypeOf('string');
      expect(user.describe()).toBe(before);
    }
  });

  it('of a selector may be cut at their spaces', () => {
    expect(mergeSelectors(['a', '(b', 'c)', '(d)', '(e', '(f', 'g))', 'h'])).toEqual([
      ...['a', '(b c)', '(d)', '(e (f g))', 'h'],
    ]);
    expect(mergeSelectors(['a', '(b', 'c', 'd'])).toBe('(b');
  });

  it('of a configuration are checked before there are commands', () => {
    expect(checkDefinition('a', ['on', '+later', '+@later', '(~x', '+later)'], ['b'])).toBe(
      undefined,
    );
    expect(checkDefinition('a', ['on', 'junk'], [])).toContain("'junk': Syntax error");
    expect(checkDefinition('a', [], ['a'])).toContain('Duplicate user');
  });

  it('that allow everything leave nothing to be asked', () => {
    for (const rules of [
      ['allcommands', 'allkeys', 'allchannels'],
      ['+@all', '~*', '&*'],
      ['-@all', '(+@all ~* &*)'],
    ]) {
      expect(newUser(...rules).isUnrestricted).toBe(true);
    }
    for (const rules of [
      ['+@all', '~*'],
      ['+@all', '%RW~*', '&*'],
      ['+@all', '~*', '&*', '-get', '+get'],
      ['+@all', '(~* &*)'],
    ]) {
      expect(newUser(...rules).isUnrestricted).toBe(false);
    }
  });

  it('allow a container with all that is in it, and then less', () => {
    expect(commandsOf(newUser('+config'))).toEqual(
      everything.map(({ fullName }) => fullName).filter((name) => /^config(\||$)/.test(name)),
    );
    expect(commandsOf(newUser('+config', '-config|set'))).not.toContain('config|set');
    expect(commandsOf(newUser('+config|set'))).toEqual(['config|set']);
  });

  it('allow a command by its first argument, in any case', () => {
    const [root] = newUser('+select|Abc').selectors;
    const select = commands.byName('select');
    if (select === undefined) throw new Error('there is a SELECT');
    expect(root.allowsCommand(select, () => 'aBC')).toBe(true);
    expect(root.allowsCommand(select, () => 'abcd')).toBe(false);
    expect(root.allowsCommand(select, () => undefined)).toBe(false);
  });

  it('of every category allow what is in it', () => {
    for (const category of CATEGORIES) {
      const own = everything.filter(({ categories }) => categories.includes(category));
      const allowed = commandsOf(newUser(`+@${category}`));
      expect(own.map(({ fullName }) => fullName).filter((name) => !allowed.includes(name))).toEqual(
        [],
      );
    }
  });

  it('that are wrong say how', () => {
    const user = newUser('~*', '&*');
    expect(user.apply('~a')).toBe(ruleFaults.afterAllKeys);
    expect(user.apply('&a')).toBe(ruleFaults.afterAllChannels);
    expect(user.apply('+config|get|x')).toBe(ruleFaults.argumentOfSubcommand);
    expect(user.apply('#abc')).toBe(ruleFaults.badHash);
    expect(user.apply('<abc')).toBe(ruleFaults.noSuchPassword);
    expect(user.apply('+@none')).toBe(ruleFaults.unknown);
    expect(user.apply('none')).toBe(ruleFaults.syntax);
  });
});

describe('a user described', () => {
  const pattern = fc.string({ unit: fc.constantFrom(...'ab*?[]\\"\'(é\x01'), maxLength: 4 });
  const name = fc.constantFrom(...everything.map(({ fullName }) => fullName));
  const ofSelector = fc.oneof(
    fc.constantFrom('allkeys', 'resetkeys', 'allchannels', 'resetchannels', '+@all', '-@all'),
    fc.tuple(fc.constantFrom('~', '%R~', '%W~', '%RW~', '&'), pattern).map((it) => it.join('')),
    fc.tuple(fc.constantFrom('+', '-'), name).map((it) => it.join('')),
    fc.tuple(fc.constantFrom('+@', '-@'), fc.constantFrom(...CATEGORIES)).map((it) => it.join('')),
    fc.constantFrom('+select|1', '+select|2', '+get|x', '+select', '-select', '-get'),
  );
  const rule = fc.oneof(
    { weight: 5, arbitrary: ofSelector },
    { weight: 1, arbitrary: fc.constantFrom('on', 'off', 'nopass', 'resetpass', '>a', '>b', '<a') },
    { weight: 1, arbitrary: fc.constantFrom('clearselectors', 'reset', 'skip-sanitize-payload') },
    {
      weight: 1,
      arbitrary: fc
        .array(ofSelector, { maxLength: 4 })
        .map((rules) => `(${quotedWhereNeeded(rules.join(' '))})`),
    },
  );
  /** A user of as many of these rules as are no mistake. */
  const userOf = (rules: readonly string[]): User => {
    const user = newUser();
    for (const one of rules) user.set([one]);
    return user;
  };
  /** What a user may do, as far as a few questions to each selector tell. */
  const powersOf = (user: User): unknown =>
    user.selectors.map((selector) => ({
      commands: everything.map((one) => selector.allowsCommand(one, () => undefined)),
      first: everything.map((one) => selector.allowsCommand(one, () => '1')),
      keys: ['', 'a', 'ab', '"', 'é'].flatMap((key) =>
        [KEY_READ, KEY_WRITE, KEY_READ | KEY_WRITE, 0].map((use) =>
          selector.allowsKey(latin1Bytes(key), 0, key.length, use),
        ),
      ),
      channels: ['', 'a', 'ab*'].flatMap((it) => [
        selector.allowsChannel(it, false),
        selector.allowsChannel(it, true),
      ]),
    }));

  it('is the same user again when its rules are set', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 12 }), (rules) => {
        const user = userOf(rules);
        const again = newUser(...user.describe().split(' '));
        expect(again.describe()).toBe(user.describe());
        expect(powersOf(again)).toEqual(powersOf(user));
        expect(again.isUnrestricted).toBe(user.isUnrestricted);
      }),
      { seed: 11, numRuns: 150 },
    );
  });

  it('is the same user again when a configuration has its line', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 12 }), (rules) => {
        const text = userOf(rules).describe();
        const words = splitWords(quotedWhereNeeded(text));
        expect(newUser(...(words ?? [])).describe()).toBe(text);
      }),
      { seed: 12, numRuns: 150 },
    );
  });

  it('goes on from a copy without touching it', () => {
    const user = newUser('~a', '+get', '(~b)', '+select|1');
    const before = powersOf(user);
    user.copy().set(['~c', '%W~a', '+set', '-get', '+select|2', 'clearselectors', '&x']);
    expect(powersOf(user)).toEqual(before);
  });
});
