/**
 * A selector: one set of permissions. A user has a root selector and may have more; what one of
 * them allows as a whole (the command and all of its keys and channels) is allowed.
 *
 *   commands   +get -@dangerous +config|get     a set of commands, and the rules that led to it
 *   keys       ~app:* %R~shared:*               patterns, each for reading, writing or both
 *   channels   &news:*                          patterns
 *
 * Rules are kept in the order in which they were given, without those that a later one made
 * pointless, so that ACL LIST tells what ACL SETUSER was told and not a long list of commands.
 *
 * What a command is, is known here only by interface: commands are registered above.
 */

import { type RuleFault, ruleFaults } from '../../resp/errors.ts';
import { isSpace, latin1Bytes } from '../../std/ascii.ts';
import { matchGlob } from '../../std/glob.ts';
import { splitWords } from '../config/words.ts';

/** What a rule has to know of a command. */
export interface RuledCommand {
  /** 'get', 'config|get'. */
  readonly fullName: string;
  readonly categories: readonly string[];
  readonly parent: RuledCommand | undefined;
  /** By name; empty for what is no container. */
  readonly subcommands: ReadonlyMap<string, RuledCommand>;
}

/** The commands that rules speak of. */
export interface RuledCommands {
  readonly categories: readonly string[];
  /** By full name, in any case. */
  byName(name: string): RuledCommand | undefined;
  /** Every command and subcommand, containers included. */
  all(): Iterable<RuledCommand>;
}

/** How a key is used, as bits. */
export const KEY_READ = 1;
export const KEY_WRITE = 2;
const KEY_ANY = KEY_READ | KEY_WRITE;

interface KeyPattern {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Bits of KEY_READ and KEY_WRITE. */
  use: number;
}

interface ChannelPattern {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** Text as C sees it: up to the first NUL. */
function cString(text: string): string {
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

/** Whether text has what would break the line of ACL LIST in which it stands. */
export function hasSpaces(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || isSpace(code)) return true;
  }
  return false;
}

function showKey({ text, use }: KeyPattern): string {
  if (use === KEY_ANY) return `~${text}`;
  return use === KEY_READ ? `%R~${text}` : `%W~${text}`;
}

export class Selector {
  /** Each also where a rule said so for all at once: then no pattern, no command is looked at. */
  allowsAllKeys = false;
  allowsAllChannels: boolean;
  allowsAllCommands = false;
  #keys: KeyPattern[] = [];
  #channels: ChannelPattern[] = [];
  /** Commands of which the beginning does not hold: allowed after -@all, denied after +@all. */
  #exceptions = new Set<RuledCommand>();
  /** First arguments with which a command is allowed that otherwise is not. */
  #firstArguments = new Map<RuledCommand, readonly string[]>();
  /** Whether the command rules begin with +@all, not -@all. */
  #beginsWithAll = false;
  /** Command rules after that beginning: '+get', '-@slow'. */
  #rules: string[] = [];
  readonly #known: RuledCommands;

  /** `allowsAllChannels` is what acl-pubsub-default says. */
  constructor(known: RuledCommands, allowsAllChannels: boolean) {
    this.#known = known;
    this.allowsAllChannels = allowsAllChannels;
  }

  copy(): Selector {
    const copy = new Selector(this.#known, this.allowsAllChannels);
    copy.allowsAllKeys = this.allowsAllKeys;
    copy.allowsAllCommands = this.allowsAllCommands;
    copy.#keys = this.#keys.map((pattern) => ({ ...pattern }));
    copy.#channels = [...this.#channels];
    copy.#exceptions = new Set(this.#exceptions);
    copy.#firstArguments = new Map(this.#firstArguments);
    copy.#beginsWithAll = this.#beginsWithAll;
    copy.#rules = [...this.#rules];
    return copy;
  }

  /** Whether it leaves nothing to be asked. */
  get allowsEverything(): boolean {
    return this.allowsAllCommands && this.allowsAllKeys && this.allowsAllChannels;
  }

  // ── Rules ─────────────────────────────────────────────────────────────────────────────────────

  /** A selector from rules in parentheses, or what is wrong with one of them. */
  static fromText(
    text: string,
    known: RuledCommands,
    allowsAllChannels: boolean,
  ): Selector | RuleFault {
    const selector = new Selector(known, allowsAllChannels);
    for (const rule of splitWords(text.slice(1, -1)) ?? []) {
      const fault = selector.apply(rule);
      if (fault !== undefined) return fault;
    }
    return selector;
  }

  /** Takes one rule. Answers what is wrong with it; then nothing has changed. */
  apply(rule: string): RuleFault | undefined {
    const word = cString(rule);
    switch (word.toLowerCase()) {
      case 'allkeys':
      case '~*':
        this.allowsAllKeys = true;
        this.#keys = [];
        return undefined;
      case 'resetkeys':
        this.allowsAllKeys = false;
        this.#keys = [];
        return undefined;
      case 'allchannels':
      case '&*':
        this.allowsAllChannels = true;
        this.#channels = [];
        return undefined;
      case 'resetchannels':
        this.allowsAllChannels = false;
        this.#channels = [];
        return undefined;
      case 'allcommands':
      case '+@all':
        this.#beginWith(true);
        return undefined;
      case 'nocommands':
      case '-@all':
        this.#beginWith(false);
        return undefined;
    }
    const [sign] = word;
    if (sign === '~' || sign === '%') return this.#addKeys(rule);
    if (sign === '&') return this.#addChannels(rule);
    if (sign !== '+' && sign !== '-') return ruleFaults.syntax;
    if (word[1] === '@') return this.#ruleCategory(word, sign === '+');
    return sign === '+' ? this.#allow(word.slice(1)) : this.#deny(word.slice(1));
  }

  #beginWith(isAll: boolean): void {
    this.#beginsWithAll = isAll;
    this.allowsAllCommands = isAll;
    this.#exceptions = new Set();
    this.#firstArguments.clear();
    this.#rules = [];
  }

  /** `~pattern`, or `%` with R, W or both in front of it. */
  #addKeys(rule: string): RuleFault | undefined {
    if (this.allowsAllKeys) return ruleFaults.afterAllKeys;
    let use = KEY_ANY;
    let start = 1;
    if (rule[0] === '%') {
      const found = /^%(r|w|rw|wr)~/i.exec(rule);
      if (found === null) return ruleFaults.syntax;
      start = found[0].length;
      use = (/r/i.test(found[1]) ? KEY_READ : 0) | (/w/i.test(found[1]) ? KEY_WRITE : 0);
    }
    const text = rule.slice(start);
    if (hasSpaces(text)) return ruleFaults.syntax;
    const there = this.#keys.find((pattern) => pattern.text === text);
    if (there !== undefined) there.use |= use;
    else this.#keys.push({ text, bytes: latin1Bytes(text), use });
    return undefined;
  }

  #addChannels(rule: string): RuleFault | undefined {
    if (this.allowsAllChannels) return ruleFaults.afterAllChannels;
    const text = rule.slice(1);
    if (hasSpaces(text)) return ruleFaults.syntax;
    if (!this.#channels.some((pattern) => pattern.text === text)) {
      this.#channels.push({ text, bytes: latin1Bytes(text) });
    }
    return undefined;
  }

  #ruleCategory(word: string, isAllowed: boolean): RuleFault | undefined {
    const category = word.slice(2).toLowerCase();
    if (!this.#known.categories.includes(category)) return ruleFaults.unknown;
    this.#keepRule(`@${category}`, isAllowed);
    for (const command of this.#known.all()) {
      if (command.categories.includes(category)) this.#set(command, isAllowed);
    }
    return undefined;
  }

  #allow(name: string): RuleFault | undefined {
    const bar = name.lastIndexOf('|');
    if (bar < 0) {
      const command = this.#known.byName(name);
      if (command === undefined) return ruleFaults.unknown;
      this.#set(command, true);
      this.#keepRule(command.fullName, true);
      return undefined;
    }
    const parent = this.#known.byName(name.slice(0, bar));
    const argument = name.slice(bar + 1);
    if (parent === undefined) return ruleFaults.unknown;
    if (parent.parent !== undefined) return ruleFaults.argumentOfSubcommand;
    if (argument === '') return ruleFaults.syntax;
    if (parent.subcommands.size > 0) {
      const command = this.#known.byName(name);
      if (command === undefined) return ruleFaults.unknown;
      this.#set(command, true);
    } else {
      const those = this.#firstArguments.get(parent) ?? [];
      const lower = argument.toLowerCase();
      if (!those.includes(lower)) this.#firstArguments.set(parent, [...those, lower]);
    }
    this.#keepRule(name.toLowerCase(), true);
    return undefined;
  }

  #deny(name: string): RuleFault | undefined {
    const command = this.#known.byName(name);
    if (command === undefined) return ruleFaults.unknown;
    this.#set(command, false);
    this.#keepRule(command.fullName, false);
    return undefined;
  }

  /** Allows or denies a command, and all of its subcommands. */
  #set(command: RuledCommand, isAllowed: boolean): void {
    this.#firstArguments.delete(command);
    for (const one of [command, ...command.subcommands.values()]) {
      if (isAllowed === this.#beginsWithAll) this.#exceptions.delete(one);
      else this.#exceptions.add(one);
    }
    if (!isAllowed) this.allowsAllCommands = false;
  }

  /** Keeps a rule of commands behind the others, without those that say the same or less. */
  #keepRule(subject: string, isAllowed: boolean): void {
    this.#rules = this.#rules.filter((rule) => {
      const older = rule.slice(1);
      return older !== subject && !older.startsWith(`${subject}|`);
    });
    this.#rules.push((isAllowed ? '+' : '-') + subject);
  }

  // ── Description ───────────────────────────────────────────────────────────────────────────────

  get commandRules(): string {
    return [this.#beginsWithAll ? '+@all' : '-@all', ...this.#rules].join(' ');
  }

  get keyRules(): string {
    return this.allowsAllKeys ? '~*' : this.#keys.map(showKey).join(' ');
  }

  get channelRules(): string {
    if (this.allowsAllChannels) return '&*';
    return this.#channels.map(({ text }) => `&${text}`).join(' ');
  }

  /** Rules that make a new selector what this one is. */
  describe(): string {
    const channels = this.allowsAllChannels ? '&*' : `resetchannels ${this.channelRules}`.trim();
    return [this.keyRules, channels, this.commandRules].filter((rules) => rules !== '').join(' ');
  }

  // ── Questions ─────────────────────────────────────────────────────────────────────────────────

  /** Whether a command may be run, its keys aside. `firstArgument` is asked for if it matters. */
  allowsCommand(command: RuledCommand, firstArgument: () => string | undefined): boolean {
    if (this.allowsAllCommands || this.#exceptions.has(command) !== this.#beginsWithAll)
      return true;
    const those = this.#firstArguments.get(command);
    if (those === undefined) return false;
    const given = firstArgument();
    return given !== undefined && those.includes(cString(given).toLowerCase());
  }

  /** Whether bytes[start, end) may be used as a key in all the ways of `use`. */
  allowsKey(bytes: Uint8Array, start: number, end: number, use: number): boolean {
    if (this.allowsAllKeys) return true;
    return this.#keys.some(
      (pattern) =>
        (pattern.use & use) === use &&
        matchGlob(pattern.bytes, 0, pattern.bytes.length, bytes, start, end, false),
    );
  }

  /** Whether every key there could be may be used so. */
  allowsAnyKey(use: number): boolean {
    if (this.allowsAllKeys) return true;
    return this.#keys.some((pattern) => (pattern.use & use) === use && pattern.text === '*');
  }

  /** Whether a channel may be spoken to and listened to; of a pattern, only if it is listed. */
  allowsChannel(name: string, isPattern: boolean): boolean {
    if (this.allowsAllChannels) return true;
    if (isPattern) return this.#channels.some(({ text }) => text === name);
    const bytes = latin1Bytes(name);
    return this.#channels.some((pattern) =>
      matchGlob(pattern.bytes, 0, pattern.bytes.length, bytes, 0, bytes.length, false),
    );
  }

  /** The patterns of channels it lists. */
  get channels(): readonly string[] {
    return this.#channels.map(({ text }) => text);
  }
}
