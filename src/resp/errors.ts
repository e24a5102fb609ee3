/**
 * Every error reply, once, by name.
 *
 * A handler throws one of these records. They are no Errors: no stack is captured, and a fault of
 * the program can never be taken for an answer to a client. The texts are Redis 7.2's to the byte,
 * because clients match on them; what is Zonis' own stands at the end.
 *
 * Text that came from a client is quoted as C quotes it: it ends at its first NUL. Line ends in it
 * are made spaces where the reply is written (reply.ts); most, but not all, of Redis's functions
 * drop them at the very end of a text, and so do these.
 */

import type { Argv } from './argv.ts';

export class ErrorReply {
  /** Without the leading '-': 'ERR syntax error'. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
    Object.freeze(this);
  }
}

function err(text: string): ErrorReply {
  return new ErrorReply(`ERR ${text}`);
}

/** Text that ends in a client's words. */
function errEndingIn(text: string): ErrorReply {
  return err(text.replace(/[\r\n]+$/, ''));
}

function cString(text: string): string {
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

const EXCERPT_SIZE = 128;

/** The beginning of an argument, as `%.128s` prints it. */
function excerpt(text: string, size = EXCERPT_SIZE): string {
  return cString(text.slice(0, size));
}

/** A double as `%f` prints it. */
function fixed(x: number): string {
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  // toFixed() turns to exponents there, where no double has a fraction.
  if (Object.is(x, -0)) return '-0.000000';
  return Math.abs(x) < 1e21 ? x.toFixed(6) : `${BigInt(x)}.000000`;
}

/** Of libraries and functions alike. */
export const INVALID_FUNCTION_NAME =
  'Library names can only contain letters, numbers, or underscores(_) and must be at least one ' +
  'character long';

/** What the parser of requests answers before the connection is closed. */
export const protocolErrors = {
  tooBigInline: 'ERR Protocol error: too big inline request',
  unbalancedQuotes: 'ERR Protocol error: unbalanced quotes in request',
  tooBigCount: 'ERR Protocol error: too big mbulk count string',
  invalidCount: 'ERR Protocol error: invalid multibulk length',
  unauthenticatedCount: 'ERR Protocol error: unauthenticated multibulk length',
  tooBigBulkCount: 'ERR Protocol error: too big bulk count string',
  invalidBulk: 'ERR Protocol error: invalid bulk length',
  unauthenticatedBulk: 'ERR Protocol error: unauthenticated bulk length',
  expectedBulk: (byte: number) =>
    `ERR Protocol error: expected '$', got '${String.fromCharCode(byte)}'`,
} as const;

/** What is wrong with a rule of ACL SETUSER; an error reply, or a line about a file, quotes it. */
export const ruleFaults = {
  unknown: 'Unknown command or category name in ACL',
  syntax: 'Syntax error',
  afterAllKeys:
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have " +
    "any effect. Try 'resetkeys' to start with an empty list of patterns",
  afterAllChannels:
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not " +
    "have any effect. Try 'resetchannels' to start with an empty list of channels",
  noSuchPassword: 'The password you are trying to remove from the user does not exist',
  badHash:
    'The password hash must be exactly 64 characters and contain only lowercase hexadecimal ' +
    'characters',
  duplicateUser: 'Duplicate user found. A user can only be defined once in config files',
  argumentOfSubcommand: 'Allowing first-arg of a subcommand is not supported',
} as const;
export type RuleFault = (typeof ruleFaults)[keyof typeof ruleFaults];

/** Why a whole definition of a user was not taken, or a whole file of them. */
export const userFaults = {
  unmatchedParenthesis: (rule: string) =>
    `Unmatched parenthesis in acl selector starting at '${cString(rule)}'.`,
  badRule: (rule: string, fault: RuleFault) =>
    `Error in ACL SETUSER modifier '${cString(rule)}': ${fault}`,
  badDeclaration: (word: string, fault: string) =>
    `Error in user declaration '${cString(word)}': ${fault}`,
  badRuleOf: (user: string, rule: string, fault: RuleFault) =>
    `Error loading ACL rule '${rule}' for the user named '${user}': ${fault}`,
  spacesInName: 'Spaces not allowed in ACL usernames',
  bothWays:
    'Configuring Redis with users defined in redis.conf and at the same setting an ACL file path ' +
    'is invalid. This setup is very likely to lead to configuration errors and security holes, ' +
    'please define either an ACL file or declare users directly in your redis.conf, but not both.',
  noFile: (path: string, reason: string) => `Error loading ACLs, opening file '${path}': ${reason}`,
  noUserLine: (place: string) =>
    `${place} should start with user keyword followed by the username. `,
  /** The quote that is not closed is Redis's. */
  nameInFile: (place: string, name: string) =>
    `'${place}: username '${name}' contains invalid characters. `,
  duplicateInFile: (name: string, lineNumber: number) =>
    `WARNING: Duplicate user '${name}' found on line ${lineNumber}. `,
  unmatchedInFile: (place: string) => `${place}: Unmatched parenthesis in selector definition.`,
  unknownInFile: (place: string, rule: string) =>
    `${place}: Error in applying operation '${rule}': ${ruleFaults.unknown}. `,
  badRuleInFile: (place: string, fault: RuleFault) => `${place}: ${fault}. `,
  startAborted: (faults: string) => `Aborting the start because of ACL errors: ${faults}`,
  nothingChanged:
    'WARNING: ACL errors detected, no change to the previously active ACL rules was performed',
} as const;

export const errors = {
  // ── Any command ─────────────────────────────────────────────────────────────────────────────
  syntax: err('syntax error'),
  wrongType: new ErrorReply('WRONGTYPE Operation against a key holding the wrong kind of value'),
  notInteger: err('value is not an integer or out of range'),
  notPositive: err('value is out of range, must be positive'),
  outOfRange: err('value is out of range'),
  /** `must between` is Redis's. */
  notBetween: (least: number | bigint, most: number | bigint) =>
    err(`value is out of range, value must between ${least} and ${most}`),
  notFloat: err('value is not a valid float'),
  noSuchKey: err('no such key'),
  indexOutOfRange: err('index out of range'),
  sameObject: err('source and destination objects are the same'),
  outOfMemory: new ErrorReply("OOM command not allowed when used memory > 'maxmemory'."),
  dbIndexOutOfRange: err('DB index is out of range'),
  invalidCursor: err('invalid cursor'),
  busyKey: new ErrorReply('BUSYKEY Target key name already exists.'),
  wrongArity: (fullName: string) => err(`wrong number of arguments for '${fullName}' command`),
  /** `name` as the client wrote it. */
  unknownCommand(name: string, argv: Argv): ErrorReply {
    let list = '';
    for (let i = 1; i < argv.count && list.length < EXCERPT_SIZE; i++) {
      list += `'${excerpt(argv.text(i), EXCERPT_SIZE - list.length)}' `;
    }
    return err(`unknown command '${excerpt(name)}', with args beginning with: ${list}`);
  },
  unknownSubcommand: (argv: Argv) =>
    err(`unknown subcommand '${excerpt(argv.text(1))}'. Try ${argv.text(0).toUpperCase()} HELP.`),
  subcommandSyntax: (argv: Argv) =>
    err(
      `unknown subcommand or wrong number of arguments for '${excerpt(argv.text(1))}'. ` +
        `Try ${argv.text(0).toUpperCase()} HELP.`,
    ),

  // ── Gates ───────────────────────────────────────────────────────────────────────────────────
  noAuth: new ErrorReply('NOAUTH Authentication required.'),
  notInTransaction: err('Command not allowed inside a transaction'),
  noCommandPermission: (user: string, fullName: string) =>
    new ErrorReply(`NOPERM User ${user} has no permissions to run the '${fullName}' command`),
  noKeyPermission: new ErrorReply('NOPERM No permissions to access a key'),
  noChannelPermission: new ErrorReply('NOPERM No permissions to access a channel'),
  noPermissionSince: (reason: string) =>
    new ErrorReply(
      'NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC ' +
        `call. This command is no longer allowed for the following reason: ${reason}`,
    ),
  sortNotPermitted: (option: string) =>
    err(`${option} option of SORT denied due to insufficient ACL permissions.`),
  subscribedOnly: (fullName: string) =>
    err(
      `Can't execute '${fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
        'are allowed in this context',
    ),
  loading: new ErrorReply('LOADING Redis is loading the dataset in memory'),
  busy: new ErrorReply(
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  ),
  busyFunction: new ErrorReply(
    'BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.',
  ),
  readOnly: new ErrorReply("READONLY You can't write against a read only replica."),
  noReplicas: new ErrorReply('NOREPLICAS Not enough good replicas to write.'),
  masterDown: new ErrorReply(
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  ),
  misconf: new ErrorReply(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to " +
      'disk. Commands that may modify the data set are disabled, because this instance is ' +
      'configured to report errors during writes if RDB snapshotting fails ' +
      '(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the ' +
      'RDB error.',
  ),
  scriptNotSaved: new ErrorReply(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to " +
      "disk. Writable scripts are blocked. Use 'no-writes' flag for read only scripts.",
  ),
  saveFailed: new ErrorReply('ERR'),
  reloadOptions: err('DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.'),
  reloadFailed: err('Error trying to load the RDB dump, check server logs.'),
  misconfAof: (reason: string) =>
    new ErrorReply(`MISCONF Errors writing to the AOF file: ${reason}`),
  whileListening: (command: string) =>
    err(
      `Can't execute '${command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
        'are allowed in this context',
    ),
  notForDenyBlocking: (command: string) =>
    err(`${command} isn't allowed for a DENY BLOCKING client`),
  monitorDenyBlocking: err("MONITOR isn't allowed for DENY BLOCKING client"),
  notAllowed: (command: string, option: string) =>
    err(
      `${command} command not allowed. If the ${option} option is set to "local", you can run it ` +
        'from a local connection, otherwise you need to set this option in the configuration ' +
        'file, and then restart the server.',
    ),

  // ── Strings ─────────────────────────────────────────────────────────────────────────────────
  incrementOverflow: err('increment or decrement would overflow'),
  decrementOverflow: err('decrement would overflow'),
  nanOrInfinity: err('increment would produce NaN or Infinity'),
  offsetOutOfRange: err('offset is out of range'),
  stringTooLong: err('string exceeds maximum allowed size (proto-max-bulk-len)'),
  lcsNotStrings: err('The specified keys must contain string values'),
  lcsAmbiguous: err('If you want both the length and indexes, please just use IDX.'),
  lcsStringTooLong: err('String too long for LCS'),
  lcsTooLarge: err('Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len'),
  lcsOutOfMemory: err('Insufficient memory, failed allocating transient memory for LCS'),

  // ── Bitmaps and HyperLogLogs ────────────────────────────────────────────────────────────────
  bitOffset: err('bit offset is not an integer or out of range'),
  bitValue: err('bit is not an integer or out of range'),
  bitArgument: err('The bit argument must be 1 or 0.'),
  bitopNotOne: err('BITOP NOT must be called with a single source key.'),
  bitfieldType: err(
    'Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
  ),
  overflowType: err('Invalid OVERFLOW type specified'),
  bitfieldReadOnly: err('BITFIELD_RO only supports the GET subcommand'),
  notHyperLogLog: new ErrorReply('WRONGTYPE Key is not a valid HyperLogLog string value.'),
  corruptedHyperLogLog: new ErrorReply('INVALIDOBJ Corrupted HLL object detected'),
  noSpecifiedKey: err('The specified key does not exist'),
  notSparse: err('HLL encoding is not sparse'),
  unknownPfdebug: (name: string) => err(`Unknown PFDEBUG subcommand '${cString(name)}'`),
  selfTestFailed: (reason: string) => err(`TESTFAILED ${reason}`),

  // ── Keys ────────────────────────────────────────────────────────────────────────────────────
  invalidExpire: (fullName: string) => err(`invalid expire time in '${fullName}' command`),
  unsupportedOption: (option: string) => errEndingIn(`Unsupported option ${cString(option)}`),
  expireNxWithOthers: err('NX and XX, GT or LT options at the same time are not compatible'),
  expireGtWithLt: err('GT and LT options at the same time are not compatible'),
  idleTimeNotTracked: err(
    'An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching ' +
      'between policies at runtime LRU and LFU data will take some time to adjust.',
  ),
  frequencyNotTracked: err(
    'An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when ' +
      'switching between policies at runtime LRU and LFU data will take some time to adjust.',
  ),
  invalidFirstDbIndex: err('invalid first DB index'),
  invalidSecondDbIndex: err('invalid second DB index'),
  invalidTtl: err('Invalid TTL value, must be >= 0'),
  invalidIdleTime: err('Invalid IDLETIME value, must be >= 0'),
  invalidFrequency: err('Invalid FREQ value, must be >= 0 and <= 255'),
  wrongPayload: err('DUMP payload version or checksum are wrong'),
  badDataFormat: err('Bad data format'),
  sortNotDouble: err("One or more scores can't be converted into double"),
  migrateKeyAndKeys: err(
    'When using MIGRATE KEYS option, the key argument must be set to the empty string',
  ),
  migrateNotConnected: new ErrorReply('IOERR error or timeout connecting to the client'),
  migrateBroken: (doing: string) =>
    new ErrorReply(`IOERR error or timeout ${doing} to target instance`),
  migrateRefused: (line: string) => err(`Target instance replied with error: ${line}`),
  migrateChanged: err('A key changed while it was sent: it stays, and the target has it as it was'),

  // ── Lists ───────────────────────────────────────────────────────────────────────────────────
  rankZero: err(
    "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use " +
      'negative to start from the end of the list',
  ),
  rankOutOfRange: err(
    'value is out of range, value must between -9223372036854775807 and 9223372036854775807',
  ),
  matchCountNegative: err("COUNT can't be negative"),
  maxlenNegative: err("MAXLEN can't be negative"),

  // ── Hashes ──────────────────────────────────────────────────────────────────────────────────
  hashNotInteger: err('hash value is not an integer'),
  hashNotFloat: err('hash value is not a float'),
  isNanOrInfinity: err('value is NaN or Infinity'),

  // ── Sorted sets ─────────────────────────────────────────────────────────────────────────────
  minOrMaxNotFloat: err('min or max is not a float'),
  minOrMaxNotLex: err('min or max not valid string range item'),
  scoreNaN: err('resulting score is not a number (NaN)'),
  weightNotFloat: err('weight value is not a float'),
  zaddNxWithXx: err('XX and NX options at the same time are not compatible'),
  zaddConflict: err('GT, LT, and/or NX options at the same time are not compatible'),
  zaddIncrOnePair: err('INCR option supports a single increment-element pair'),
  limitNeedsBy: err(
    'syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
  ),
  withScoresNotByLex: err('syntax error, WITHSCORES not supported in combination with BYLEX'),
  noInputKey: (fullName: string) => err(`at least 1 input key is needed for '${fullName}' command`),
  keyCountNotPositive: err('numkeys should be greater than 0'),
  countNotPositive: err('count should be greater than 0'),
  limitNegative: err("LIMIT can't be negative"),

  // ── Streams ─────────────────────────────────────────────────────────────────────────────────
  invalidStreamId: err('Invalid stream ID specified as stream command argument'),
  invalidIntervalStart: err('invalid start ID for the interval'),
  invalidIntervalEnd: err('invalid end ID for the interval'),
  groupNeedsKey: err(
    'The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use ' +
      'the MKSTREAM option to create an empty stream automatically.',
  ),
  busyGroup: new ErrorReply('BUSYGROUP Consumer Group name already exists'),
  entriesReadNegative: err('value for ENTRIESREAD must be positive or -1'),
  noGroup: (key: string, group: string) =>
    new ErrorReply(`NOGROUP No such key '${cString(key)}' or consumer group '${cString(group)}'`),
  noGroupOfKey: (key: string, group: string) =>
    new ErrorReply(
      `NOGROUP No such consumer group '${cString(group)}' for key name '${cString(key)}'`,
    ),
  noGroupToRead: (key: string, group: string) =>
    new ErrorReply(
      `NOGROUP No such key '${cString(key)}' or consumer group '${cString(group)}' in XREADGROUP ` +
        'with GROUP option',
    ),
  unbalancedStreams: (fullName: string, symbol: string) =>
    err(
      `Unbalanced '${fullName}' list of streams: for each stream key an ID or '${symbol}' must be ` +
        'specified.',
    ),
  groupMissing: err('Missing GROUP option for XREADGROUP'),
  lastIdInGroup: err(
    'The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this ' +
      'consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would ' +
      'just return an empty result set.',
  ),
  claimOptionInvalid: (option: string) => err(`Invalid ${option} option argument for XCLAIM`),
  minIdleInvalid: (name: string) => err(`Invalid min-idle-time argument for ${name}`),
  unknownClaimOption: (option: string) => err(`Unrecognized XCLAIM option '${cString(option)}'`),
  claimCountNotPositive: err('COUNT must be > 0'),
  claimCountTooHigh: err(
    'Insufficient memory, failed allocating transient memory, COUNT too high.',
  ),

  trimmingTwice: err('syntax error, MAXLEN and MINID options at the same time are not compatible'),
  streamMaxlenNegative: err('The MAXLEN argument must be >= 0.'),
  streamLimitNegative: err('The LIMIT argument must be >= 0.'),
  limitWithoutTrimming: err(
    'syntax error, LIMIT cannot be used without specifying a trimming strategy',
  ),
  limitWithoutTilde: err('syntax error, LIMIT cannot be used without the special ~ option'),
  trimmingMissing: err('syntax error, XTRIM must be called with a trimming strategy'),
  streamIdZero: err('The ID specified in XADD must be greater than 0-0'),
  streamIdTooSmall: err(
    'The ID specified in XADD is equal or smaller than the target stream top item',
  ),
  streamExhausted: err('The stream has exhausted the last possible ID, unable to add more items'),
  streamElementsTooLarge: err('Elements are too large to be stored'),
  entriesAddedNegative: err('entries_added must be positive'),
  entriesAddedTooFew: err(
    'The entries_added specified in XSETID is smaller than the target stream length',
  ),
  setIdBelowGiven: err(
    'The ID specified in XSETID is smaller than the provided max_deleted_entry_id',
  ),
  setIdBelowDeleted: err('The ID specified in XSETID is smaller than current max_deleted_entry_id'),
  setIdBelowLast: err('The ID specified in XSETID is smaller than the target stream top item'),
  onlyForReadGroup: (option: string) =>
    err(`The ${option} option is only supported by XREADGROUP. You called XREAD instead.`),
  newIdOutsideGroup: err(
    'The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> ' +
      'option.',
  ),

  // ── Blocking ────────────────────────────────────────────────────────────────────────────────
  timeoutNotFloat: err('timeout is not a float or out of range'),
  timeoutNotInteger: err('timeout is not an integer or out of range'),
  timeoutOutOfRange: err('timeout is out of range'),
  timeoutNegative: err('timeout is negative'),
  unblocked: new ErrorReply('UNBLOCKED client unblocked via CLIENT UNBLOCK'),

  // ── Transactions ────────────────────────────────────────────────────────────────────────────
  execAbort: new ErrorReply('EXECABORT Transaction discarded because of previous errors.'),
  execAbortBecause: (reason: string) =>
    new ErrorReply(`EXECABORT Transaction discarded because of: ${reason}`),
  nestedMulti: err('MULTI calls can not be nested'),
  execWithoutMulti: err('EXEC without MULTI'),
  discardWithoutMulti: err('DISCARD without MULTI'),
  watchInMulti: err('WATCH inside MULTI is not allowed'),

  // ── Scripts ─────────────────────────────────────────────────────────────────────────────────
  noScript: new ErrorReply('NOSCRIPT No matching script. Please use EVAL.'),
  notBusy: new ErrorReply('NOTBUSY No scripts in execution right now.'),
  unkillable: new ErrorReply(
    'UNKILLABLE Sorry the script already executed write commands against the dataset. You can ' +
      'either wait the script termination or kill the server in a hard way using the SHUTDOWN ' +
      'NOSAVE command.',
  ),
  tooManyKeys: err("Number of keys can't be greater than number of args"),
  negativeScriptKeys: err("Number of keys can't be negative"),
  scriptNotCompiled: (reason: string) => err(`Error compiling script (new function): ${reason}`),
  /** The interpreter is out of memory, or too deep in itself. */
  scriptFailed: (name: string, reason: string) => err(`Error running script ${name}, ${reason}`),
  scriptOutOfMemory: new ErrorReply(
    "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
  ),
  scriptMayWrite: err('Can not execute a script with write flag using *_ro command.'),
  badShebang: err('Invalid script shebang'),
  badShebangEngine: err('Invalid engine in script shebang'),
  unknownShebangEngine: (name: string) => err(`Unexpected engine in script shebang: ${name}`),
  unknownShebangOption: (option: string) => err(`Unknown lua shebang option: ${option}`),
  unknownScriptFlag: (flag: string) => err(`Unexpected flag in script shebang: ${flag}`),
  /** Of a command that a script called, in the words of script.c. */
  fromScript: (reason: string) => err(reason),
  notFromScript: err('This Redis command is not allowed from script'),
  luaStackLimit: err('reached lua stack limit'),
  noBlockInScript: (name: string) =>
    err(`${name} command is not allowed with BLOCK option from scripts`),
  scriptDebugMode: err('Use SCRIPT DEBUG YES/SYNC/NO'),
  noScriptFork: err(
    'SCRIPT DEBUG YES would take a process of its own that forgets what the script changes. Use SYNC ' +
      '(redis-cli --ldb-sync-mode), which keeps it',
  ),
  scriptDebugPipelined: err('SCRIPT DEBUG must be called outside a pipeline'),
  scriptFlushOption: err('SCRIPT FLUSH only support SYNC|ASYNC option'),

  // ── Connections ─────────────────────────────────────────────────────────────────────────────
  noAuthHello: new ErrorReply(
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
      '<proto> AUTH <user> <pass> option can be used to authenticate the client and select the ' +
      'RESP protocol version at the same time',
  ),
  wrongPass: new ErrorReply('WRONGPASS invalid username-password pair or user is disabled.'),
  authWithoutPassword: err(
    'AUTH <password> called without any password configured for the default user. Are you sure ' +
      'your configuration is correct?',
  ),
  noProto: new ErrorReply('NOPROTO unsupported protocol version'),
  protocolNotInteger: err('Protocol version is not an integer or out of range'),
  helloSyntax: (option: string) => err(`Syntax error in HELLO option '${cString(option)}'`),
  clientNameCharacters: err('Client names cannot contain spaces, newlines or special characters.'),
  attributeCharacters: (name: string) =>
    err(`${cString(name)} cannot contain spaces, newlines or special characters.`),
  unknownAttribute: (name: string) => err(`Unrecognized option '${cString(name)}'`),
  resetNormalOnly: err('can only reset normal client connections'),
  noSuchClient: err('No such client'),
  invalidClientId: err('Invalid client ID'),
  clientIdPositive: err('client-id should be greater than 0'),
  unknownClientType: (type: string) => err(`Unknown client type '${cString(type)}'`),
  noSuchUser: (user: string) => err(`No such user '${cString(user)}'`),
  unblockReason: err('CLIENT UNBLOCK reason should be TIMEOUT or ERROR'),
  pauseMode: err('CLIENT PAUSE mode must be WRITE or ALL'),
  redirectTwice: err('A client can only redirect to a single other client'),
  redirectNowhere: err('The client ID you want redirect to does not exist'),
  prefixWithoutBroadcast: err('PREFIX option requires BCAST mode to be enabled'),
  broadcastSwitch: err(
    "You can't switch BCAST mode on/off before disabling tracking for this client, and then " +
      're-enabling it with a different mode.',
  ),
  optWithBroadcast: err('OPTIN and OPTOUT are not compatible with BCAST'),
  optInAndOut: err("You can't specify both OPTIN mode and OPTOUT mode"),
  optSwitch: err(
    "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then " +
      're-enabling it with a different mode.',
  ),
  prefixOverlaps: (prefix: string, existing: string) =>
    err(
      `Prefix '${cString(prefix)}' overlaps with an existing prefix '${cString(existing)}'. ` +
        'Prefixes for a single client must not overlap.',
    ),
  prefixesOverlap: (prefix: string, other: string) =>
    err(
      `Prefix '${cString(prefix)}' overlaps with another provided prefix '${cString(other)}'. ` +
        'Prefixes for a single client must not overlap.',
    ),
  cachingWithoutOpt: err(
    'CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT ' +
      'mode enabled',
  ),
  cachingYesNeedsOptIn: err(
    'CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.',
  ),
  cachingNoNeedsOptOut: err(
    'CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.',
  ),
  maxClients: err('max number of clients reached'),
  protectedMode: new ErrorReply(
    'DENIED Redis is running in protected mode because protected mode is enabled and no password ' +
      'is set for the default user. In this mode connections are only accepted from the loopback ' +
      'interface. If you want to connect from external computers to Redis you may adopt one of ' +
      'the following solutions: 1) Just disable protected mode sending the command ' +
      "'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the " +
      'same host the server is running, however MAKE SURE Redis is not publicly accessible from ' +
      'internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively ' +
      'you can just disable the protected mode by editing the Redis configuration file, and ' +
      "setting the protected mode option to 'no', and then restarting the server. 3) If you " +
      'started the server manually just for testing, restart it with the ' +
      "'--protected-mode no' option. 4) Set up an authentication password for the default user. " +
      'NOTE: You only need to do one of the above things in order for the server to start ' +
      'accepting connections from the outside.',
  ),

  // ── Servers ─────────────────────────────────────────────────────────────────────────────────
  invalidCommandName: err('Invalid command specified'),
  noKeyArguments: err('The command has no key arguments'),
  invalidArity: err('Invalid number of arguments specified for command'),
  invalidArguments: err('Invalid arguments specified for command'),
  configNoFile: err('The server is running without a config file'),
  configUnknown: (name: string) =>
    err(`Unknown option or number of arguments for CONFIG SET - '${cString(name)}'`),
  configFailed: (name: string, reason = '') =>
    errEndingIn(
      `CONFIG SET failed (possibly related to argument '${cString(name)}')` +
        (reason === '' ? '' : ` - ${reason}`),
    ),
  configRewrite: (reason: string) => errEndingIn(`Rewriting config file: ${reason}`),
  monitorTouchesNothing: err("Replica can't interact with the keyspace"),
  slowlogCount: err('count should be greater than or equal to -1'),
  noLatencySamples: (event: string) => err(`No samples available for event '${cString(event)}'`),
  waitaofWithoutAof: err('WAITAOF cannot be used when numlocal is set but appendonly is disabled.'),
  invalidMasterPort: err('Invalid master port'),
  noReplication: err('REPLICAOF is not supported: this server has no replication'),
  noFailover: err('No failover in progress.'),
  failoverTimeout: err('FAILOVER timeout must be greater than 0'),
  failoverNeedsReplicas: err('FAILOVER requires connected replicas.'),
  moduleNotLoaded: err('Error loading the extension. Please check the server logs.'),
  moduleNotUnloaded: err('Error unloading module: no such module with that name'),
  noShutdown: err('No shutdown in progress.'),
  shutdownFailed: err('Errors trying to SHUTDOWN. Check logs.'),
  saveInProgress: err('Background save already in progress'),
  rewriteInProgress: err('Background append only file rewriting already in progress'),
  unknownReplconf: (option: string) => err(`Unrecognized REPLCONF option: ${cString(option)}`),
  noSnapshotFilter: err('Missing rdb-filter-only values'),
  unknownSnapshotFilter: (name: string) =>
    err(`Unsupported rdb-filter-only option: ${cString(name)}`),
  syncWithPendingOutput: err('SYNC and PSYNC are invalid with pending output'),
  rewriteFailed: err(
    "Can't execute an AOF background rewriting. Please check the server logs for more information.",
  ),
  aofNotLoaded: err('Error trying to load the AOF files, check server logs.'),
  otherChildActive: err(
    "Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order " +
      'to schedule a BGSAVE whenever possible.',
  ),
  noClusterSupport: err('This instance has cluster support disabled'),
  userNotFound: (user: string) => err(`User '${cString(user)}' not found`),
  unknownCategory: (name: string) => err(`Unknown category '${excerpt(name)}'`),
  userNameCharacters: err("Usernames can't contain spaces or null characters"),
  defaultUserStays: err("The 'default' user cannot be removed"),
  commandNotFound: (name: string) => err(`Command '${cString(name)}' not found`),
  passwordBits: (most: number) =>
    err(
      'ACL GENPASS argument must be the number of bits for the output password, a positive ' +
        `number up to ${most}`,
    ),
  noAclFile: err(
    'This Redis instance is not configured to use an ACL file. You may want to specify users via ' +
      'the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis ' +
      'configuration file set) in order to store users in the Redis configuration.',
  ),
  aclNotSaved: err(
    'There was an error trying to save the ACLs. Please check the server logs for more information',
  ),

  // ── DEBUG ───────────────────────────────────────────────────────────────────────────────────
  needsResp3: err('RESP2 is not supported by this command'),
  unknownProtocolType: err(
    'Wrong protocol type name. Please use one of the following: string|integer|double|bignum|' +
      'null|array|set|map|attrib|push|verbatim|true|false',
  ),
  notListpack: err('Not a listpack encoded object.'),
  notPlainString: err('Not an sds encoded string.'),
  noSuchDatabase: err('Out of range database'),
  packedThreshold: err('argument must be a memory value bigger than 1 and smaller than 4gb'),

  /** For texts that another part of the server found and that end in a reason of its own. */
  custom: errEndingIn,

  // ── Places ──────────────────────────────────────────────────────────────────────────────────
  invalidPlace: (longitude: number, latitude: number) =>
    err(`invalid longitude,latitude pair ${fixed(longitude)},${fixed(latitude)}`),
  unsupportedUnit: err('unsupported unit provided. please use M, KM, FT, MI'),
  needNumericRadius: err('need numeric radius'),
  radiusNegative: err('radius cannot be negative'),
  needNumericWidth: err('need numeric width'),
  needNumericHeight: err('need numeric height'),
  boxNegative: err('height or width cannot be negative'),
  notAPlace: err('could not decode requested zset member'),
  searchCountNotPositive: err('COUNT must be > 0'),
  storeWithDetails: (what: string) =>
    err(`${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`),
  searchFromOne: (name: string) =>
    err(`exactly one of FROMMEMBER or FROMLONLAT can be specified for ${cString(name)}`),
  searchByOne: (name: string) =>
    err(`exactly one of BYRADIUS and BYBOX can be specified for ${cString(name)}`),
  anyNeedsCount: err('the ANY argument requires COUNT argument'),

  // ── Functions ───────────────────────────────────────────────────────────────────────────────
  functionFlushMode: err('FUNCTION FLUSH only supports SYNC|ASYNC option'),
  functionRestorePolicy: err(
    'Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
  ),
  functionListNoName: err('library name argument was not given'),
  functionListArgument: (text: string) => err(`Unknown argument ${cString(text)}`),
  functionLoadOption: (text: string) => err(`Unknown option given: ${cString(text)}`),
  noSuchLibrary: err('Library not found'),
  noSuchFunction: err('Function not found'),
  functionKeyCount: err('Bad number of keys provided'),
  noLibraryMetadata: err('Missing library metadata'),
  invalidLibraryMetadata: err('Invalid library metadata'),
  unknownLibraryMetadata: (text: string) => err(`Invalid metadata value given: ${cString(text)}`),
  repeatedLibraryName: err('Invalid metadata value, name argument was given multiple times'),
  noLibraryName: err('Library name was not given'),
  invalidLibraryName: err(INVALID_FUNCTION_NAME),
  noSuchEngine: (name: string) => err(`Engine '${name}' not found`),
  libraryExists: (name: string) => err(`Library '${name}' already exists`),
  restoredLibraryExists: (name: string) => err(`Library ${name} already exists`),
  functionExists: (name: string) => err(`Function ${name} already exists`),
  noFunctions: err('No functions registered'),
  libraryNotCompiled: (text: string) => err(`Error compiling function: ${text}`),
  /** Of an error that has a code. */
  libraryFailed: (text: string) => err(`Error registering functions: ${text}`),
  libraryRaised: (text: string) => err(`Error registering functions: ERR ${text}`),
  functionsTornPayload: err('Failed loading library payload'),
  functionsTooEarly: err('Pre-GA function format not supported'),
  functionsOtherType: err('given type is not a function'),

  // ── Zones and sessions ──────────────────────────────────────────────────────────────────────
  swapAcrossZones: err('SWAPDB needs two databases of the same zone'),
  noSuchZone: (name: string) => err(`no such zone '${name}'`),
} as const;

/** What ends scripts that do not end, as errors in them. */
export const scriptFaults = {
  killed: 'Script killed by user with SCRIPT KILL...',
  stuck: 'Script is busy where it cannot be left',
} as const;
