import { describe, expect, it } from 'vitest';
import { parseSyntax } from '../../../src/dispatch/syntax.ts';

const arityOf = (line: string): number => parseSyntax(line).arity;
const keysOf = (line: string) => parseSyntax(line).keys;

describe('the name', () => {
  it('is one word, or two for a subcommand', () => {
    expect(parseSyntax('GET key').words).toEqual(['GET']);
    expect(parseSyntax('CONFIG GET parameter').words).toEqual(['CONFIG', 'GET']);
    expect(parseSyntax('CLIENT NO-EVICT <ON | OFF>').words).toEqual(['CLIENT', 'NO-EVICT']);
    expect(parseSyntax('SESSION.SET name').words).toEqual(['SESSION.SET']);
  });

  it('ends before a token in brackets', () => {
    expect(parseSyntax('FLUSHALL [ASYNC | SYNC]').words).toEqual(['FLUSHALL']);
    expect(parseSyntax('BITOP <AND | OR> key').words).toEqual(['BITOP']);
  });

  it('is one word where a token follows without being a subcommand', () => {
    expect(parseSyntax('XREADGROUP GROUP group consumer').words).toEqual(['XREADGROUP']);
  });
});

describe('the arity', () => {
  it('counts the name and what is required', () => {
    expect(arityOf('PING')).toBe(1);
    expect(arityOf('GET key')).toBe(2);
    expect(arityOf('CONFIG RESETSTAT')).toBe(2);
    expect(arityOf('LINSERT key <BEFORE | AFTER> pivot element')).toBe(5);
    expect(arityOf('XREADGROUP GROUP group consumer')).toBe(4);
  });

  it('is negative where anything is optional or repeats', () => {
    expect(arityOf('PING [message]')).toBe(-1);
    expect(arityOf('DEL key [key ...]')).toBe(-2);
    expect(arityOf('MSET key value [key value ...]')).toBe(-3);
    expect(arityOf('COMMAND INFO [command-name [command-name ...]]')).toBe(-2);
    expect(arityOf('XREAD [COUNT count] STREAMS key [key ...] id [id ...]')).toBe(-4);
  });

  it('takes the smallest of alternatives, and is negative where they differ in size', () => {
    expect(arityOf('REPLICAOF <host port | NO ONE>')).toBe(3);
    expect(arityOf('A <NODE id | STABLE>')).toBe(-2);
  });

  it('counts a token with the values behind it', () => {
    expect(arityOf('A <LIMIT offset count>')).toBe(4);
    expect(arityOf('A <BYBOX width height <M | KM>>')).toBe(5);
  });
});

describe('keys', () => {
  it('have fixed places up to something of open size', () => {
    expect(keysOf('GET key')).toEqual([{ index: 1, lastKey: 0, step: 1 }]);
    expect(keysOf('RENAME key newkey')).toEqual([
      { index: 1, lastKey: 0, step: 1 },
      { index: 2, lastKey: 0, step: 1 },
    ]);
    expect(keysOf('BITOP <AND | OR> destkey key [key ...]')).toEqual([
      { index: 2, lastKey: 0, step: 1 },
      { index: 3, lastKey: -1, step: 1 },
    ]);
    expect(keysOf('OBJECT FREQ key')).toEqual([{ index: 2, lastKey: 0, step: 1 }]);
    expect(keysOf('A [COUNT count] key')).toEqual([]);
  });

  it('repeat up to what stands behind them', () => {
    expect(keysOf('DEL key [key ...]')).toEqual([{ index: 1, lastKey: -1, step: 1 }]);
    expect(keysOf('BLPOP key [key ...] timeout')).toEqual([{ index: 1, lastKey: -2, step: 1 }]);
    expect(keysOf('MSET key value [key value ...]')).toEqual([{ index: 1, lastKey: -1, step: 2 }]);
    expect(keysOf('PFMERGE destkey [sourcekey [sourcekey ...]]')[1]).toEqual({
      index: 2,
      lastKey: -1,
      step: 1,
    });
  });

  it('are counted by numkeys', () => {
    expect(keysOf('EVAL script numkeys [key [key ...]] [arg [arg ...]]')).toEqual([
      { keyNumIndex: 2 },
    ]);
    expect(keysOf('ZDIFFSTORE destination numkeys key [key ...]')).toEqual([
      { index: 1, lastKey: 0, step: 1 },
      { keyNumIndex: 2 },
    ]);
  });

  it('behind a token or in brackets are left to the definition', () => {
    expect(keysOf('A <STREAMS key [key ...]>')).toEqual([]);
    expect(keysOf('SORT key [STORE destination]')).toEqual([{ index: 1, lastKey: 0, step: 1 }]);
    expect(keysOf('A [key]')).toEqual([]);
  });
});

describe('arguments', () => {
  it('of a token are its value, or a block of several', () => {
    expect(parseSyntax('A [LIMIT offset count] [COUNT count]').arguments).toEqual([
      {
        name: 'limit',
        type: 'block',
        token: 'LIMIT',
        optional: true,
        arguments: [
          { name: 'offset', type: 'integer' },
          { name: 'count', type: 'integer' },
        ],
      },
      { name: 'count', type: 'integer', token: 'COUNT', optional: true },
    ]);
  });

  it('tell a repeated value from a repeated token', () => {
    expect(parseSyntax('A [ID id [id ...]] [GET pattern [GET pattern ...]]').arguments).toEqual([
      { name: 'id', type: 'string', token: 'ID', multiple: true, optional: true },
      {
        name: 'pattern',
        type: 'pattern',
        token: 'GET',
        multiple: true,
        multipleToken: true,
        optional: true,
      },
    ]);
  });

  it('of a token that end in a choice stand beside it', () => {
    const [box] = parseSyntax('A <BYBOX width height <M | KM | FT | MI>>').arguments;
    expect(box.name).toBe('box');
    expect(box.arguments?.map(({ name }) => name)).toEqual(['width', 'height', 'unit']);
  });

  it('that repeat in pairs are a block', () => {
    const [meta] = parseSyntax('A [META count audience subject [audience subject ...]]').arguments;
    expect(meta).toMatchObject({ type: 'block', token: 'META', optional: true });
    expect(meta.arguments).toMatchObject([
      { name: 'count', type: 'integer' },
      { name: 'data', type: 'block', multiple: true },
    ]);
  });

  it('are annotated by token or name, the second of a name too', () => {
    const { arguments: args } = parseSyntax('A <LEFT | RIGHT> <LEFT | RIGHT> [COUNT count]', {
      where: { name: 'wherefrom' },
      'where 2': { name: 'whereto' },
      COUNT: { since: '6.2.0', name: 'most' },
    });
    expect(args).toMatchObject([
      { name: 'wherefrom' },
      { name: 'whereto' },
      { name: 'most', display: 'count', since: '6.2.0' },
    ]);
  });

  it('refuse notes that meet nothing or say nothing new', () => {
    expect(() => parseSyntax('GET key', { KEY: { since: '1.0.0' } })).toThrow('KEY');
    expect(() => parseSyntax('GET key', { key: { type: 'key' } })).toThrow('remove it');
  });
});

describe('a broken line', () => {
  it('is refused', () => {
    expect(() => parseSyntax('GET [key')).toThrow();
    expect(() => parseSyntax('GET key]')).toThrow();
    expect(() => parseSyntax('GET <key]')).toThrow();
    expect(() => parseSyntax('GET key | value')).toThrow();
  });
});
