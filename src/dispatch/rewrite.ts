/** Rewriting redis.conf: what is in force, directives and users, is put into the file. */

import { quotedWhereNeeded } from '../instance/config/words.ts';
import { errors } from '../resp/errors.ts';
import type { Call } from './call.ts';

/** Writes what is in force to the file: `writesAll`, also what it says nothing of. */
export function rewriteConfiguration({ instance }: Call, writesAll: boolean): void {
  const { config, users } = instance;
  if (config.file === undefined) throw errors.configNoFile;
  // Where there is a file for users, ACL SAVE writes it.
  const lines = config.values.aclfile === '' ? users.lines().map(quotedWhereNeeded) : [];
  const reason = config.rewrite(
    [{ name: 'user', lines: lines.map((text) => ({ text, isForced: true })) }],
    writesAll,
  );
  if (reason !== undefined) throw errors.configRewrite(reason);
}
