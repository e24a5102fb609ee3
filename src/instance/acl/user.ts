/**
 * A user: who may connect by which passwords, and what they may do.
 *
 * A change is made to a copy, which then takes the place of what was there: of several rules all
 * hold or none, and nobody ever sees a user that is half changed.
 *
 * Of a password only the SHA-256 digest is kept, as hexadecimal text: that is what rules, ACL LIST
 * and files say.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { type RuleFault, ruleFaults, userFaults } from '../../resp/errors.ts';
import { latin1Bytes } from '../../std/ascii.ts';
import { quotedWhereNeeded } from '../config/words.ts';
import { type RuledCommands, Selector } from './selector.ts';

/** What users are made with. */
export interface UserEnvironment {
  readonly commands: RuledCommands;
  /** Whether a new selector allows all channels: acl-pubsub-default. */
  allowsChannels(): boolean;
}

const HASH = /^[0-9a-f]{64}$/;

function hashOf(password: Uint8Array): string {
  return createHash('sha256').update(password).digest('hex');
}

/** What a rule about passwords means by its text: `>secret`, or `#` and its digest. */
function hashIn(rule: string): string | undefined {
  if (rule[0] === '>' || rule[0] === '<') return hashOf(latin1Bytes(rule.slice(1)));
  return HASH.test(rule.slice(1)) ? rule.slice(1) : undefined;
}

export class User {
  /** Latin-1. */
  readonly name: string;
  readonly #environment: UserEnvironment;
  #isEnabled = false;
  #needsNoPassword = false;
  #skipsSanitizing = false;
  /** Digests. */
  #passwords: string[] = [];
  /** The root first. */
  #selectors: Selector[];
  #isUnrestricted = false;
  #description: string | undefined = undefined;

  constructor(name: string, environment: UserEnvironment) {
    this.name = name;
    this.#environment = environment;
    this.#selectors = [new Selector(environment.commands, environment.allowsChannels())];
  }

  copy(): User {
    const copy = new User(this.name, this.#environment);
    copy.become(this);
    return copy;
  }

  /** Takes over all of another but its name. */
  become(other: User): void {
    this.#isEnabled = other.#isEnabled;
    this.#needsNoPassword = other.#needsNoPassword;
    this.#skipsSanitizing = other.#skipsSanitizing;
    this.#passwords = [...other.#passwords];
    this.#selectors = other.#selectors.map((selector) => selector.copy());
    this.#changed();
  }

  #changed(): void {
    this.#isUnrestricted = this.#selectors.some((selector) => selector.allowsEverything);
    this.#description = undefined;
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  /** Whether any password is right. */
  get needsNoPassword(): boolean {
    return this.#needsNoPassword;
  }

  /** Whether it may do everything: then nothing is asked. */
  get isUnrestricted(): boolean {
    return this.#isUnrestricted;
  }

  get passwords(): readonly string[] {
    return this.#passwords;
  }

  /** What it may do: whatever one of them allows. The root comes first. */
  get selectors(): readonly Selector[] {
    return this.#selectors;
  }

  /** Words of ACL GETUSER, in its order. */
  get flags(): readonly string[] {
    return [
      this.#isEnabled ? 'on' : 'off',
      ...(this.#needsNoPassword ? ['nopass'] : []),
      this.#skipsSanitizing ? 'skip-sanitize-payload' : 'sanitize-payload',
    ];
  }

  /** Rules that make a new user what this one is, in one line. */
  describe(): string {
    this.#description ??= [
      ...this.flags,
      ...this.#passwords.map((hash) => `#${hash}`),
      ...this.#selectors.map((selector, i) =>
        // What is in parentheses is cut into words again, by the rules of configuration.
        i === 0 ? selector.describe() : `(${quotedWhereNeeded(selector.describe())})`,
      ),
    ].join(' ');
    return this.#description;
  }

  /** Whether a client may be this user by that password; how long it takes tells nothing of it. */
  admits(password: Uint8Array): boolean {
    if (!this.#isEnabled) return false;
    if (this.#needsNoPassword) return true;
    const given = latin1Bytes(hashOf(password));
    let isRight = false;
    for (const hash of this.#passwords) {
      if (timingSafeEqual(given, latin1Bytes(hash))) isRight = true;
    }
    return isRight;
  }

  /**
   * Takes rules, all or none. Answers what is wrong with them. One that is a selector in
   * parentheses may have been cut at its spaces.
   */
  set(rules: readonly string[]): string | undefined {
    const merged = mergeSelectors(rules);
    if (typeof merged === 'string') return userFaults.unmatchedParenthesis(merged);
    const draft = this.copy();
    for (const rule of merged) {
      const fault = draft.apply(rule);
      if (fault !== undefined) return userFaults.badRule(rule, fault);
    }
    this.become(draft);
    return undefined;
  }

  /** Takes one rule. Answers what is wrong with it; then nothing has changed. */
  apply(rule: string): RuleFault | undefined {
    const fault = this.#apply(rule);
    this.#changed();
    return fault;
  }

  #apply(rule: string): RuleFault | undefined {
    switch (rule.toLowerCase()) {
      case '':
        return undefined;
      case 'on':
        this.#isEnabled = true;
        return undefined;
      case 'off':
        this.#isEnabled = false;
        return undefined;
      case 'skip-sanitize-payload':
        this.#skipsSanitizing = true;
        return undefined;
      case 'sanitize-payload':
        this.#skipsSanitizing = false;
        return undefined;
      case 'nopass':
        this.#needsNoPassword = true;
        this.#passwords = [];
        return undefined;
      case 'resetpass':
        this.#needsNoPassword = false;
        this.#passwords = [];
        return undefined;
      case 'clearselectors':
        this.#selectors.length = 1;
        return undefined;
      case 'reset':
        this.become(new User(this.name, this.#environment));
        return undefined;
    }
    const [sign] = rule;
    if (sign === '>' || sign === '#') return this.#addPassword(hashIn(rule));
    if (sign === '<' || sign === '!') return this.#removePassword(hashIn(rule));
    if (sign === '(' && rule.endsWith(')')) return this.#addSelector(rule);
    return this.#selectors[0].apply(rule);
  }

  #addPassword(hash: string | undefined): RuleFault | undefined {
    if (hash === undefined) return ruleFaults.badHash;
    if (!this.#passwords.includes(hash)) this.#passwords.push(hash);
    this.#needsNoPassword = false;
    return undefined;
  }

  #removePassword(hash: string | undefined): RuleFault | undefined {
    if (hash === undefined) return ruleFaults.badHash;
    const at = this.#passwords.indexOf(hash);
    if (at < 0) return ruleFaults.noSuchPassword;
    this.#passwords.splice(at, 1);
    return undefined;
  }

  #addSelector(text: string): RuleFault | undefined {
    const { commands, allowsChannels } = this.#environment;
    const selector = Selector.fromText(text, commands, allowsChannels());
    if (typeof selector === 'string') return selector;
    this.#selectors.push(selector);
    return undefined;
  }
}

/** Puts selectors that were cut at spaces together; or the rule whose parenthesis stays open. */
export function mergeSelectors(rules: readonly string[]): string[] | string {
  const merged: string[] = [];
  let open: string[] = [];
  for (const rule of rules) {
    if (open.length === 0 && !(rule.startsWith('(') && !rule.endsWith(')'))) {
      merged.push(rule);
      continue;
    }
    open.push(rule);
    if (!rule.endsWith(')')) continue;
    merged.push(open.join(' '));
    open = [];
  }
  return open.length === 0 ? merged : open[0];
}

/**
 * Checks a `user` line of a configuration, as far as that can be done before there are commands.
 * Answers what is wrong with it.
 */
export function checkDefinition(
  name: string,
  rules: readonly string[],
  defined: readonly string[],
): string | undefined {
  if (defined.includes(name)) return userFaults.badDeclaration(name, ruleFaults.duplicateUser);
  const merged = mergeSelectors(rules);
  if (typeof merged === 'string') {
    return userFaults.badDeclaration(merged, userFaults.unmatchedParenthesis(merged));
  }
  const user = new User(name, NO_COMMANDS);
  for (const rule of merged) {
    const fault = user.apply(rule);
    if (fault === undefined || fault === ruleFaults.unknown) continue;
    return userFaults.badDeclaration(rule, fault);
  }
  return undefined;
}

const NO_COMMANDS: UserEnvironment = {
  commands: { categories: [], byName: () => undefined, all: () => [] },
  allowsChannels: () => false,
};
