/** Replies as people read them: those of the commands that a debugged script calls. */

import { quoted } from '../instance/config/words.ts';

/** The first reply of the text of one or more, in RESP2 or RESP3. */
export function humanReply(text: string): string {
  return new HumanReader(text).next();
}

class HumanReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string {
    const begin = this.#at;
    const end = this.#text.indexOf('\r\n', begin);
    if (end < 0) return '';
    this.#at = end + 2;
    const line = this.#text.slice(begin + 1, end);
    switch (this.#text[begin]) {
      case ':':
      case '(':
        return line;
      case '+':
      case '-':
        return quoted(this.#text.slice(begin, end));
      case '$':
        return this.#bulk(Number(line));
      case '=':
        // Its format stands in front: `txt:`.
        return this.#bulk(Number(line));
      case '*':
      case '>':
        return Number(line) < 0 ? 'NULL' : `[${this.#list(Number(line))}]`;
      case '~':
        return `~(${this.#list(Number(line))})`;
      case '%':
        return `{${this.#pairs(Number(line))}}`;
      case '_':
        return '(null)';
      case '#':
        return line === 't' ? '#true' : '#false';
      case ',':
        return `(double) ${line}`;
      default:
        return '';
    }
  }

  #bulk(size: number): string {
    if (size < 0) return 'NULL';
    const begin = this.#at;
    this.#at += size + 2;
    return quoted(this.#text.slice(begin, begin + size));
  }

  #list(count: number): string {
    return Array.from({ length: count }, () => this.next()).join(',');
  }

  #pairs(count: number): string {
    return Array.from({ length: count }, () => `${this.next()} => ${this.next()}`).join(',');
  }
}
