/** ACL: who may connect, and what they may do. */

import type { Call, Command } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { checkPermission } from '../src/dispatch/permissions.ts';
import type { LoggedDenial } from '../src/instance/acl/log.ts';
import { hasSpaces, type Selector } from '../src/instance/acl/selector.ts';
import { DEFAULT_USER } from '../src/instance/acl/users.ts';
import type { Argv } from '../src/resp/argv.ts';
import { errors } from '../src/resp/errors.ts';
import type { Reply } from '../src/resp/reply.ts';
import { systemSeed } from '../src/std/random.ts';

const { command, container } = family('server');

const ADMIN = ['admin', 'noscript', 'loading', 'stale'] as const;
const ANYBODY = ['noscript', 'loading', 'stale'] as const;
const EVERYWHERE = ['request_policy:all_nodes', 'response_policy:all_succeeded'] as const;

export const acl = container({
  name: 'ACL',
  summary: 'A container for Access List Control commands.',
  since: '6.0.0',
  helpSince: '6.0.0',
  help: [
    'CAT [<category>]',
    '    List all commands that belong to <category>, or all command categories',
    '    when no category is specified.',
    'DELUSER <username> [<username> ...]',
    '    Delete a list of users.',
    'DRYRUN <username> <command> [<arg> ...]',
    '    Returns whether the user can execute the given command without executing the command.',
    'GETUSER <username>',
    "    Get the user's details.",
    'GENPASS [<bits>]',
    '    Generate a secure 256-bit user password. The optional `bits` argument can',
    '    be used to specify a different size.',
    'LIST',
    '    Show users details in config file format.',
    'LOAD',
    '    Reload users from the ACL file.',
    'LOG [<count> | RESET]',
    '    Show the ACL log entries.',
    'SAVE',
    '    Save the current config to the ACL file.',
    'SETUSER <username> <attribute> [<attribute> ...]',
    '    Create or modify a user with the specified attributes.',
    'USERS',
    '    List all the registered usernames.',
    'WHOAMI',
    '    Return the current connection username.',
  ],
});

function textsFrom(argv: Argv, first: number): string[] {
  return Array.from({ length: argv.count - first }, (_, i) => argv.text(first + i));
}

// ── Users ───────────────────────────────────────────────────────────────────────────────────────

export const aclSetuser = command({
  syntax: 'ACL SETUSER username [rule [rule ...]]',
  summary: 'Makes a user, or changes what one may do.',
  since: '6.0.0',
  complexity: 'O(N). Where N is the number of rules provided.',
  flags: ADMIN,
  tips: EVERYWHERE,
  history: [
    ['6.2.0', 'Added Pub/Sub channel patterns.'],
    ['7.0.0', 'Added selectors and key based permissions.'],
  ],
  secrets: ({ count }) => Array.from({ length: count - 2 }, (_, i) => i + 2),
  run({ argv, client, instance, reply }) {
    const name = argv.text(2);
    if (hasSpaces(name)) throw errors.userNameCharacters;
    const fault = instance.users.set(name, textsFrom(argv, 3), client);
    if (fault !== undefined) throw errors.custom(fault);
    reply.ok();
  },
});

export const aclDeluser = command({
  syntax: 'ACL DELUSER username [username ...]',
  summary: 'Removes users and closes their connections.',
  since: '6.0.0',
  complexity: 'O(1) amortized time considering the typical user.',
  flags: ADMIN,
  tips: EVERYWHERE,
  run({ argv, client, instance, reply }) {
    const names = textsFrom(argv, 2);
    if (names.includes(DEFAULT_USER)) throw errors.defaultUserStays;
    reply.integer(names.filter((name) => instance.users.remove(name, client)).length);
  },
});

function replySelector(reply: Reply, { commandRules, keyRules, channelRules }: Selector): void {
  reply.bulkText('commands');
  reply.bulkText(commandRules);
  reply.bulkText('keys');
  reply.bulkText(keyRules);
  reply.bulkText('channels');
  reply.bulkText(channelRules);
}

export const aclGetuser = command({
  syntax: 'ACL GETUSER username',
  summary: 'Tells the rules of a user.',
  since: '6.0.0',
  complexity:
    'O(N). Where N is the number of password, command and pattern rules that the user has.',
  flags: ADMIN,
  history: [
    ['6.2.0', 'Added Pub/Sub channel patterns.'],
    [
      '7.0.0',
      'Added selectors and changed the format of key and channel patterns from a list to their rule representation.',
    ],
  ],
  run({ argv, instance, reply }) {
    const user = instance.users.find(argv.text(2));
    if (user === undefined) return reply.null();
    const [root, ...selectors] = user.selectors;
    reply.map(6);
    reply.bulkText('flags');
    reply.set(user.flags.length);
    for (const flag of user.flags) reply.bulkText(flag);
    reply.bulkText('passwords');
    replyTexts(reply, user.passwords);
    replySelector(reply, root);
    reply.bulkText('selectors');
    reply.array(selectors.length);
    for (const selector of selectors) {
      reply.map(3);
      replySelector(reply, selector);
    }
  },
});

function replyTexts(reply: Reply, texts: readonly string[]): void {
  reply.array(texts.length);
  for (const text of texts) reply.bulkText(text);
}

export const aclList = command({
  syntax: 'ACL LIST',
  summary: 'Lists the users with their rules, as lines of a file.',
  since: '6.0.0',
  complexity: 'O(N). Where N is the number of configured users.',
  flags: ADMIN,
  run: ({ instance, reply }) => replyTexts(reply, instance.users.lines()),
});

export const aclUsers = command({
  syntax: 'ACL USERS',
  summary: 'Lists the names of the users.',
  since: '6.0.0',
  complexity: 'O(N). Where N is the number of configured users.',
  flags: ADMIN,
  run({ instance, reply }) {
    replyTexts(
      reply,
      instance.users.all().map(({ name }) => name),
    );
  },
});

export const aclWhoami = command({
  syntax: 'ACL WHOAMI',
  summary: 'Tells the user that the connection acts as.',
  since: '6.0.0',
  complexity: 'O(1)',
  flags: ANYBODY,
  run: ({ client, reply }) => reply.bulkText(client.user.name),
});

// ── The file ────────────────────────────────────────────────────────────────────────────────────

export const aclLoad = command({
  syntax: 'ACL LOAD',
  summary: 'Reads the users anew from their file.',
  since: '6.0.0',
  complexity: 'O(N). Where N is the number of configured users.',
  flags: ADMIN,
  run({ client, instance, reply }) {
    const { aclfile } = instance.config.values;
    if (aclfile === '') throw errors.noAclFile;
    const fault = instance.users.load(aclfile, client);
    if (fault !== undefined) throw errors.custom(fault);
    reply.ok();
  },
});

export const aclSave = command({
  syntax: 'ACL SAVE',
  summary: 'Writes the users to their file.',
  since: '6.0.0',
  complexity: 'O(N). Where N is the number of configured users.',
  flags: ADMIN,
  tips: EVERYWHERE,
  run({ instance, reply }) {
    const { aclfile } = instance.config.values;
    if (aclfile === '') throw errors.noAclFile;
    const reason = instance.users.save(aclfile);
    if (reason !== undefined) {
      instance.log.warning(`Could not write the file of users ${aclfile}: ${reason}`);
      throw errors.aclNotSaved;
    }
    reply.ok();
  },
});

// ── Questions ───────────────────────────────────────────────────────────────────────────────────

export const aclCat = command({
  syntax: 'ACL CAT [category]',
  summary: 'Lists the categories, or the commands of one.',
  since: '6.0.0',
  complexity: 'O(1) since the categories and commands are a fixed set.',
  flags: ANYBODY,
  run({ argv, instance, reply }) {
    const { registry } = instance;
    if (argv.count > 3) throw errors.subcommandSyntax(argv);
    if (argv.count === 2) return replyTexts(reply, registry.categories);
    const asked = argv.text(2).toLowerCase();
    const category = registry.categories.find((one) => one === asked);
    if (category === undefined) throw errors.unknownCategory(argv.text(2));
    const found = [...registry.all()].filter((one) => one.categories.includes(category));
    replyTexts(
      reply,
      found.map(({ fullName }) => fullName),
    );
  },
});

/** The command whose name is argument `index`, and whose subcommand's is the next one. */
function commandAt({ argv, instance }: Call, index: number): Command | undefined {
  const found = instance.registry.find(argv, index);
  if (found === undefined || found.subcommands.size === 0 || index + 1 >= argv.count) return found;
  return instance.registry.findSubcommand(found, argv, index + 1);
}

const DRYRUN_FIRST = 3;

export const aclDryrun = command({
  syntax: 'ACL DRYRUN username command [arg [arg ...]]',
  summary: 'Tells whether a user may run a command, without running it.',
  since: '7.0.0',
  complexity: 'O(1).',
  flags: ADMIN,
  run(call) {
    const { argv, instance, reply } = call;
    const user = instance.users.find(argv.text(2));
    if (user === undefined) throw errors.userNotFound(argv.text(2));
    const found = commandAt(call, DRYRUN_FIRST);
    if (found === undefined) throw errors.commandNotFound(argv.text(DRYRUN_FIRST));
    const count = argv.count - DRYRUN_FIRST;
    if (count < found.countMin || count > found.countMax) throw errors.wrongArity(found.fullName);
    const denial = checkPermission(user, found, argv, instance, DRYRUN_FIRST);
    if (denial === undefined) return reply.ok();
    const { reason, object } = denial;
    const what =
      reason === 'command' ? `run the '${object}' command` : `access the '${object}' ${reason}`;
    reply.bulkText(`User ${user.name} has no permissions to ${what}`);
  },
});

const GENPASS_BITS = 256;
const GENPASS_BITS_MAX = 4096;

export const aclGenpass = command({
  syntax: 'ACL GENPASS [bits]',
  summary: 'Makes up a password that nobody can guess.',
  since: '6.0.0',
  complexity: 'O(1)',
  flags: ANYBODY,
  run({ args, argv, reply }) {
    if (argv.count > 3) throw errors.subcommandSyntax(argv);
    const bits = argv.count === 3 ? args.integerAt(2) : GENPASS_BITS;
    if (bits <= 0 || bits > GENPASS_BITS_MAX) throw errors.passwordBits(GENPASS_BITS_MAX);
    const digits = Math.ceil(bits / 4);
    const text = Buffer.from(systemSeed(Math.ceil(digits / 2))).toString('hex');
    reply.bulkText(text.slice(0, digits));
  },
});

const LOG_COUNT = 10;

export const aclLog = command({
  syntax: 'ACL LOG [count | RESET]',
  summary: 'Lists who was refused what lately, or forgets it.',
  since: '6.0.0',
  complexity: 'O(N) with N being the number of entries shown.',
  arguments: { 'count-reset': { name: 'operation' } },
  flags: ADMIN,
  history: [['7.2.0', 'Added entry ID, timestamp created, and timestamp last updated.']],
  run({ args, argv, instance, reply }) {
    if (argv.count > 3) throw errors.subcommandSyntax(argv);
    const { aclLog: log, clock } = instance;
    if (argv.count === 3 && argv.is(2, 'RESET')) {
      log.clear();
      return reply.ok();
    }
    const count = argv.count === 3 ? Math.max(args.integerAt(2), 0) : LOG_COUNT;
    const entries = log.entries.slice(0, count);
    const now = clock.now();
    reply.array(entries.length);
    for (const entry of entries) replyDenial(reply, entry, now);
  },
});

function replyDenial(reply: Reply, entry: LoggedDenial, now: number): void {
  reply.map(10);
  reply.bulkText('count');
  reply.integer(entry.count);
  reply.bulkText('reason');
  reply.bulkText(entry.reason);
  reply.bulkText('context');
  reply.bulkText(entry.context);
  reply.bulkText('object');
  reply.bulkText(entry.object);
  reply.bulkText('username');
  reply.bulkText(entry.username);
  reply.bulkText('age-seconds');
  reply.double((now - entry.updatedAt) / 1000);
  reply.bulkText('client-info');
  reply.bulkText(entry.clientInfo);
  reply.bulkText('entry-id');
  reply.integer(entry.id);
  reply.bulkText('timestamp-created');
  reply.integer(entry.createdAt);
  reply.bulkText('timestamp-last-updated');
  reply.integer(entry.updatedAt);
}
