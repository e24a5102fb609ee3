/**
 * The file that `aclfile` names: a `user` line for each user, and nothing else.
 *
 *   user ann on #2bb80d…f4 ~app:* &* +@all -@dangerous
 *
 * It is read whole before any of it counts; what is wrong with it is gathered into one text. There
 * are no quotes in it and no comments: ACL SAVE writes it anew.
 */

import { ruleFaults, userFaults } from '../../resp/errors.ts';
import { hasSpaces } from './selector.ts';
import { mergeSelectors, User, type UserEnvironment } from './user.ts';

/** The users of a file, by name, or all that is wrong with it. */
export function readUsers(
  text: string,
  path: string,
  environment: UserEnvironment,
): Map<string, User> | string {
  const users = new Map<string, User>();
  let faults = '';
  for (const [index, whole] of text.split('\n').entries()) {
    const line = trim(whole, ' \t\r\n');
    if (line === '') continue;
    const place = `${path}:${index + 1}`;
    const [keyword, name, ...rules] = line.split(' ');
    if (keyword !== 'user' || name === undefined) faults += userFaults.noUserLine(place);
    else if (hasSpaces(name)) faults += userFaults.nameInFile(place, name);
    else if (users.has(name)) faults += userFaults.duplicateInFile(name, index + 1);
    else {
      const user = new User(name, environment);
      faults += takeRules(user, rules, place);
      users.set(name, user);
    }
  }
  return faults === '' ? users : faults + userFaults.nothingChanged;
}

/** Answers what is wrong with the rules of a line, or nothing. */
function takeRules(user: User, rules: readonly string[], place: string): string {
  const merged = mergeSelectors(rules);
  if (typeof merged === 'string') return userFaults.unmatchedInFile(place);
  let faults = '';
  let isBroken = false;
  for (const rule of merged.map((rule) => trim(rule, '\t\r\n'))) {
    const fault = user.apply(rule);
    if (fault === undefined) continue;
    if (fault === ruleFaults.unknown) faults += userFaults.unknownInFile(place, rule);
    // Of all others the first is told: the next may follow from it. They may be about passwords,
    // so the rule itself is not.
    else if (!isBroken) {
      faults += userFaults.badRuleInFile(place, fault);
      isBroken = true;
    }
  }
  return faults;
}

/** Text without any of these characters at its ends. */
function trim(text: string, characters: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && characters.includes(text[start])) start++;
  while (end > start && characters.includes(text[end - 1])) end--;
  return text.slice(start, end);
}
