/**
 * Every error reply, once, by name.
 *
 * A handler throws one of these records. They are no Errors: no stack is captured, and a fault of
 * the program can never be taken for an answer to a client. The texts are Redis 7.2's to the byte,
 * because clients match on them; what is Zonis' own stands at the end.
 */

import type { Argv } from './argv.ts';

export class ErrorReply {
  /** Without the leading '-'. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
    Object.freeze(this);
  }
}

function err(text: string): ErrorReply {
  return new ErrorReply(`ERR ${text}`);
}

const EXCERPT_SIZE = 128;

/** The first bytes of an argument up to a NUL, as `%.128s` prints them. */
function excerpt(argv: Argv, index: number, size = EXCERPT_SIZE): string {
  const text = argv.text(index).slice(0, Math.max(0, size));
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

/** What the parser of requests answers before it closes the connection. */
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

export const errors = {
  // ── Any command ─────────────────────────────────────────────────────────────────────────────
  syntax: err('syntax error'),
  wrongType: new ErrorReply('WRONGTYPE Operation against a key holding the wrong kind of value'),
  notInteger: err('value is not an integer or out of range'),
  notPositive: err('value is out of range, must be positive'),
  outOfRange: err('value is out of range'),
  notFloat: err('value is not a valid float'),
  noSuchKey: err('no such key'),
  indexOutOfRange: err('index out of range'),
  sameObject: err('source and destination objects are the same'),
  outOfMemory: new ErrorReply("OOM command not allowed when used memory > 'maxmemory'."),
  dbIndexOutOfRange: err('DB index is out of range'),
  invalidDbIndex: err('invalid DB index'),
  invalidCursor: err('invalid cursor'),
  busyKey: new ErrorReply('BUSYKEY Target key name already exists.'),
  wrongArity: (name: string) => err(`wrong number of arguments for '${name}' command`),
  unknownCommand(argv: Argv): ErrorReply {
    let list = '';
    for (let i = 1; i < argv.count && list.length < EXCERPT_SIZE; i++) {
      list += `'${excerpt(argv, i, EXCERPT_SIZE - list.length)}' `;
    }
    return err(`unknown command '${excerpt(argv, 0)}', with args beginning with: ${list}`);
  },
  unknownSubcommand: (argv: Argv) =>
    err(`unknown subcommand '${excerpt(argv, 1)}'. Try ${argv.text(0).toUpperCase()} HELP.`),
  subcommandSyntax: (argv: Argv) =>
    err(
      `unknown subcommand or wrong number of arguments for '${excerpt(argv, 1)}'. ` +
        `Try ${argv.text(0).toUpperCase()} HELP.`,
    ),

  // ── Strings ─────────────────────────────────────────────────────────────────────────────────
  incrementOverflow: err('increment or decrement would overflow'),
  decrementOverflow: err('decrement would overflow'),
  nanOrInfinity: err('increment would produce NaN or Infinity'),
  offsetOutOfRange: err('offset is out of range'),
  stringTooLong: err('string exceeds maximum allowed size (proto-max-bulk-len)'),
  lcsNotStrings: err('The specified keys must contain string values'),
  lcsAmbiguous: err('If you want both the length and indexes, please just use IDX.'),
  lcsTooLarge: err('Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len'),

  // ── Keys ────────────────────────────────────────────────────────────────────────────────────
  invalidExpire: (name: string) => err(`invalid expire time in '${name}' command`),
  unsupportedOption: (option: string) => err(`Unsupported option ${option}`),
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

  // ── Sorted sets ─────────────────────────────────────────────────────────────────────────────
  minOrMaxNotFloat: err('min or max is not a float'),
  minOrMaxNotLex: err('min or max not valid string range item'),
  scoreNaN: err('resulting score is not a number (NaN)'),
  zaddNxWithXx: err('XX and NX options at the same time are not compatible'),
  zaddConflict: err('GT, LT, and/or NX options at the same time are not compatible'),
  zaddIncrOnePair: err('INCR option supports a single increment-element pair'),
  limitNeedsBy: err(
    'syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
  ),
  withScoresNotByLex: err('syntax error, WITHSCORES not supported in combination with BYLEX'),

  // ── Connections ─────────────────────────────────────────────────────────────────────────────
  noAuth: new ErrorReply('NOAUTH Authentication required.'),
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
  helloSyntax: (option: string) => err(`Syntax error in HELLO option '${option}'`),
  clientNameCharacters: err('Client names cannot contain spaces, newlines or special characters.'),
  attributeCharacters: (name: string) =>
    err(`${name} cannot contain spaces, newlines or special characters.`),
  unknownAttribute: (name: string) => err(`Unrecognized option '${name}'`),
  noSuchClient: err('No such client'),
  noSuchClientId: err('No such client ID'),
  invalidClientId: err('Invalid client ID'),
  clientIdPositive: err('client-id should be greater than 0'),
  unknownClientType: (type: string) => err(`Unknown client type '${type}'`),
  noSuchUser: (user: string) => err(`No such user '${user}'`),
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
  timeoutNotInteger: err('timeout is not an integer or out of range'),
  timeoutNegative: err('timeout is negative'),
  noReplyToSkip: err('syntax error'),

  // ── Servers ─────────────────────────────────────────────────────────────────────────────────
  swapAcrossZones: err('SWAPDB needs two databases of the same zone'),
  invalidCommandName: err('Invalid command specified'),
  noKeyArguments: err('The command has no key arguments'),
  invalidArity: err('Invalid number of arguments specified for command'),
  invalidArguments: err('Invalid arguments specified for command'),
  configNoFile: err('The server is running without a config file'),
  configUnknown: (name: string) =>
    err(`Unknown option or number of arguments for CONFIG SET - '${name}'`),
  configFailed: (name: string, reason: string) =>
    err(`CONFIG SET failed (possibly related to argument '${name}') - ${reason}`),
  configRewrite: (reason: string) => err(`Rewriting config file: ${reason}`),
  notAllowed: (command: string, option: string) =>
    err(
      `${command} command not allowed. If the ${option} option is set to "local", you can run it ` +
        'from a local connection, otherwise you need to set this option in the configuration ' +
        'file, and then restart the server.',
    ),
  debugSyntax: (argv: Argv) => errors.subcommandSyntax(argv),
  custom: (text: string) => err(text),

  // ── Zones and sessions ──────────────────────────────────────────────────────────────────────
  noSuchZone: (name: string) => err(`no such zone '${name}'`),
};
