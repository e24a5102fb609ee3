import { describe, expect, it } from 'vitest';
import { Argv } from '../../../src/resp/argv.ts';
import { ErrorReply, errors, protocolErrors } from '../../../src/resp/errors.ts';

// What redis-server 7.2.6 answered, without the '-'.
const said: [string, ErrorReply, string][] = [
  ['a syntax error', errors.syntax, 'ERR syntax error'],
  [
    'a wrong arity',
    errors.wrongArity('config|get'),
    "ERR wrong number of arguments for 'config|get' command",
  ],
  [
    'an unknown command',
    errors.unknownCommand('nope', Argv.of('nope')),
    "ERR unknown command 'nope', with args beginning with: ",
  ],
  [
    'an unknown command with arguments',
    errors.unknownCommand('nope', Argv.of('nope', 'a', 'b c', '')),
    "ERR unknown command 'nope', with args beginning with: 'a' 'b c' '' ",
  ],
  [
    'an unknown subcommand',
    errors.unknownSubcommand(Argv.of('config', 'nope')),
    "ERR unknown subcommand 'nope'. Try CONFIG HELP.",
  ],
  [
    'a subcommand it cannot make sense of',
    errors.subcommandSyntax(Argv.of('object', 'freq')),
    "ERR unknown subcommand or wrong number of arguments for 'freq'. Try OBJECT HELP.",
  ],
  ['an unsupported option', errors.unsupportedOption('ZZ'), 'ERR Unsupported option ZZ'],
  ['an expiry', errors.invalidExpire('set'), "ERR invalid expire time in 'set' command"],
];

describe('errors', () => {
  for (const [what, error, text] of said) {
    it(`${what} is told as redis tells it`, () => {
      expect(error.text).toBe(text);
    });
  }

  it('the arguments of an unknown command are told until the list has 128 bytes', () => {
    const [a, b] = ['a'.repeat(60), 'b'.repeat(60)];
    expect(errors.unknownCommand('x', Argv.of('x', a, b, 'c', 'd')).text).toBe(
      `ERR unknown command 'x', with args beginning with: '${a}' '${b}' 'c' `,
    );
  });

  it('a long argument of an unknown command is cut', () => {
    const { text } = errors.unknownCommand(
      'n'.repeat(200),
      Argv.of('x', 'a'.repeat(120), 'b'.repeat(100), 'c'),
    );
    expect(text).toBe(
      `ERR unknown command '${'n'.repeat(128)}', with args beginning with: '${'a'.repeat(120)}' '${'b'.repeat(5)}' `,
    );
  });

  it("a client's words end at their first NUL", () => {
    expect(errors.unknownCommand('a\0b', Argv.of('a\0b', 'c\0d')).text).toBe(
      "ERR unknown command 'a', with args beginning with: 'c' ",
    );
    expect(errors.helloSyntax('x\0y').text).toBe("ERR Syntax error in HELLO option 'x'");
  });

  it('line ends at the end of a text are dropped', () => {
    expect(errors.unsupportedOption('a\nb\r\n').text).toBe('ERR Unsupported option a\nb');
  });

  it('a reason is told if there is one', () => {
    expect(errors.configFailed('port', 'no').text).toMatch(/'port'\) - no$/);
    expect(errors.configFailed('port').text).toMatch(/'port'\)$/);
  });

  it('are records that nobody can change, and no Errors', () => {
    expect(errors.syntax).toBeInstanceOf(ErrorReply);
    expect(errors.syntax).not.toBeInstanceOf(Error);
    expect(Object.isFrozen(errors.syntax)).toBe(true);
    expect(Object.isFrozen(errors.wrongArity('get'))).toBe(true);
  });

  it('every one begins with its code and is one line', () => {
    const texts = [...Object.values(errors), ...Object.values(protocolErrors)].map((error) =>
      error instanceof ErrorReply ? error.text : error,
    );
    for (const text of texts) {
      if (typeof text === 'string') expect(text).toMatch(/^[A-Z]+( [^\r\n]+)?$/);
    }
    expect(texts.length).toBeGreaterThan(100);
  });
});
