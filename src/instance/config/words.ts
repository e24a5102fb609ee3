/**
 * Words: how a line of configuration is cut into arguments, and an argument quoted again.
 *
 *   bind 127.0.0.1 "::1"            three words
 *   requirepass "a b\x00\n"         double quotes know escapes
 *   logfile 'it\'s here'            single quotes know only \'
 *
 * The same rules hold in a file, on standard input and in the inline protocol. All text is latin1,
 * one char per byte, so that a password of any bytes survives.
 */

const ESCAPED: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\x07': '\\a',
};

/** The words of a line, or undefined where quotes don't close or something touches a closed one. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isBlank(line[at])) at++;
    if (at === line.length) return words;
    const word: string[] = [];
    // A quote may open in the middle of a word: a"b c" is one word. It always ends one.
    while (at < line.length && !endsWord(line[at])) {
      const quote = line[at];
      if (quote !== '"' && quote !== "'") {
        word.push(quote);
        at++;
        continue;
      }
      at = readQuoted(line, at + 1, quote, word);
      if (at < 0 || (at < line.length && !isBlank(line[at]))) return undefined;
      break;
    }
    words.push(word.join(''));
  }
}

/** Reads up to the closing quote into `word`. Answers the index after it, or -1: not closed. */
function readQuoted(line: string, start: number, quote: string, word: string[]): number {
  for (let at = start; at < line.length; at++) {
    const char = line[at];
    if (char === quote) return at + 1;
    if (char === '\\' && at + 1 < line.length) {
      const next = line[at + 1];
      if (quote === "'") {
        if (next === "'") at++;
        word.push(next === "'" ? next : char);
        continue;
      }
      const hex = next === 'x' ? /^[0-9a-f]{2}/i.exec(line.slice(at + 2, at + 4)) : null;
      word.push(hex ? String.fromCharCode(Number.parseInt(hex[0], 16)) : (ESCAPED[next] ?? next));
      at += hex ? 3 : 1;
      continue;
    }
    word.push(char);
  }
  return -1;
}

/** The word in double quotes, such that splitWords gives it back. */
export function quoted(word: string): string {
  const inside = word.replace(
    /[\\"]|[^ -~]/g,
    (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${inside}"`;
}

/** A line of words, those in quotes that have quotes in them: splitWords gives all of them back. */
export function quotedWhereNeeded(line: string): string {
  const words = line.split(' ').map((word) => (/["']/.test(word) ? quoted(word) : word));
  return words.join(' ');
}

/** Text as the system has it (a path, an argument of the command line) to one char per byte. */
export function toLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The reverse: what the system is to be called with. */
export function toNative(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function isBlank(char: string): boolean {
  return char === ' ' || (char >= '\t' && char <= '\r');
}

/** Unlike isBlank this lets \v and \f be part of a word, as Redis does. */
function endsWord(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\r' || char === '\t';
}
