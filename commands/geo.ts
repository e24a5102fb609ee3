/** Places: sorted sets whose scores are positions on earth. */

import type { Call } from '../src/dispatch/call.ts';
import { family } from '../src/dispatch/command.ts';
import { type FoundKey, type KeyFlag, type KeySpec, keyAt } from '../src/dispatch/keys.ts';
import { addMembers, limitsOf } from '../src/dispatch/sorted-sets.ts';
import { events } from '../src/keyspace/events.ts';
import { type Scored, storeSortedSet } from '../src/keyspace/sorted-sets.ts';
import type { Argv } from '../src/resp/argv.ts';
import { type ErrorReply, errors } from '../src/resp/errors.ts';
import { fixedText, formatLongDouble, longDoubleOf, parseDouble } from '../src/std/double.ts';
import { partialSort } from '../src/std/partial-sort.ts';
import {
  distance,
  distanceWithin,
  geohashText,
  LATITUDE_MAX,
  LONGITUDE_MAX,
  type Position,
  placeOf,
  rangesOf,
  type Shape,
  scoreOf,
} from '../src/value/geohash.ts';
import { NX, SortedSet, XX } from '../src/value/sorted-set.ts';
import { TYPE_SORTED_SET } from '../src/value/type.ts';

const { command } = family('geo');

/** Digits of a distance behind the point. */
const DISTANCE_DIGITS = 4;

/** The lens of these commands: they run one at a time. */
const set = new SortedSet();
const position: Position = { longitude: 0, latitude: 0 };
const other: Position = { longitude: 0, latitude: 0 };

// ── Reading arguments and writing replies ───────────────────────────────────────────────────────

function numberAt(argv: Argv, index: number, refusal: ErrorReply = errors.notFloat): number {
  const value = parseDouble(argv.bytes, argv.starts[index], argv.ends[index]);
  if (Number.isNaN(value)) throw refusal;
  return value;
}

/** Reads longitude and latitude at `index` into `target`. */
function placeAt(argv: Argv, index: number, target: Position): void {
  const longitude = numberAt(argv, index);
  const latitude = numberAt(argv, index + 1);
  if (Math.abs(longitude) > LONGITUDE_MAX || Math.abs(latitude) > LATITUDE_MAX) {
    throw errors.invalidPlace(longitude, latitude);
  }
  target.longitude = longitude;
  target.latitude = latitude;
}

/** Meters of the unit at `index`. */
function unitAt(argv: Argv, index: number): number {
  if (argv.is(index, 'M')) return 1;
  if (argv.is(index, 'KM')) return 1000;
  if (argv.is(index, 'FT')) return 0.3048;
  if (argv.is(index, 'MI')) return 1609.34;
  throw errors.unsupportedUnit;
}

/** Opens the sorted set of a key for reading. False: there is none. */
function open({ argv, db }: Call, index: number): boolean {
  const entry = db.find(argv, index);
  if (entry === 0) return false;
  db.expectType(entry, TYPE_SORTED_SET);
  set.open(db.zone, entry);
  return true;
}

/** Where the member argv[index] of the open set is. False: it is no member. */
function findPlace(argv: Argv, index: number, target: Position): boolean {
  const score = set.score(argv.bytes, argv.starts[index], argv.ends[index]);
  if (Number.isNaN(score)) return false;
  placeOf(score, target);
  return true;
}

/** With all digits a coordinate has, and a fraction of 17 at most. */
function replyCoordinate({ reply }: Call, degrees: number): void {
  reply.doubleText(formatLongDouble(longDoubleOf(degrees)));
}

function replyPlace(call: Call, { longitude, latitude }: Position): void {
  call.reply.array(2);
  replyCoordinate(call, longitude);
  replyCoordinate(call, latitude);
}

// ── Adding and asking ───────────────────────────────────────────────────────────────────────────

export const geoadd = command({
  syntax: 'GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]',
  summary: 'Adds members with their positions to a geospatial index.',
  since: '3.2.0',
  complexity: 'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
  arguments: { condition: { since: '6.2.0' }, CH: { name: 'change', since: '6.2.0' } },
  keys: 'RW update',
  flags: ['denyoom'],
  history: [['6.2.0', 'Added the `CH`, `NX` and `XX` options.']],
  run(call) {
    const { argv, reply } = call;
    let flags = 0;
    let countsChanges = false;
    let first = 2;
    for (; first < argv.count; first++) {
      if (argv.is(first, 'NX')) flags |= NX;
      else if (argv.is(first, 'XX')) flags |= XX;
      else if (argv.is(first, 'CH')) countsChanges = true;
      else break;
    }
    const count = (argv.count - first) / 3;
    if (count === 0 || !Number.isInteger(count) || flags === (NX | XX)) throw errors.syntax;
    const members: number[] = [];
    const scores: number[] = [];
    for (let i = 0; i < count; i++) {
      placeAt(argv, first + i * 3, position);
      scores.push(scoreOf(position.longitude, position.latitude));
      members.push(first + i * 3 + 2);
    }
    const { added, updated } = addMembers(call, members, scores, flags);
    const { effects } = call.instance;
    if (effects.isOn) {
      const options = Array.from({ length: first - 2 }, (_, i) => i + 2);
      const places = members.flatMap((member, i) => [String(scores[i]), member]);
      effects.instead(argv, 'zadd', 1, ...options, ...places);
    }
    reply.integer(countsChanges ? added + updated : added);
  },
});

export const geodist = command({
  syntax: 'GEODIST key member1 member2 [M | KM | FT | MI]',
  summary: 'Tells the distance between two members of a geospatial index.',
  since: '3.2.0',
  complexity: 'O(1)',
  keys: 'RO access',
  run(call) {
    const { argv, reply } = call;
    const unit = argv.count === 5 ? unitAt(argv, 4) : 1;
    if (argv.count > 5) throw errors.syntax;
    const isThere = open(call, 1) && findPlace(argv, 2, position) && findPlace(argv, 3, other);
    if (!isThere) return reply.null();
    const meters = distance(position.longitude, position.latitude, other.longitude, other.latitude);
    reply.bulkText(fixedText(meters / unit, DISTANCE_DIGITS));
  },
});

export const geohash = command({
  syntax: 'GEOHASH key [member [member ...]]',
  summary: 'Tells the positions of members of a geospatial index as geohashes.',
  since: '3.2.0',
  complexity: 'O(1) for each member requested.',
  keys: 'RO access',
  run(call) {
    const { argv, reply } = call;
    const isThere = open(call, 1);
    reply.array(argv.count - 2);
    for (let i = 2; i < argv.count; i++) {
      if (isThere && findPlace(argv, i, position)) reply.bulkText(geohashText(position));
      else reply.null();
    }
  },
});

export const geopos = command({
  syntax: 'GEOPOS key [member [member ...]]',
  summary: 'Tells the longitude and latitude of members of a geospatial index.',
  since: '3.2.0',
  complexity: 'O(1) for each member requested.',
  keys: 'RO access',
  run(call) {
    const { argv, reply } = call;
    const isThere = open(call, 1);
    reply.array(argv.count - 2);
    for (let i = 2; i < argv.count; i++) {
      if (isThere && findPlace(argv, i, position)) replyPlace(call, position);
      else reply.nullArray();
    }
  },
});

// ── Searching ───────────────────────────────────────────────────────────────────────────────────

const WITHDIST = 1 << 0;
const WITHHASH = 1 << 1;
const WITHCOORD = 1 << 2;

/** Which of the commands it is, by what they differ in. */
interface Form {
  readonly source: number;
  /** First argument that may be an option. */
  readonly options: number;
  readonly from: 'place' | 'member' | 'options';
  /** Whether the options STORE and STOREDIST name a key. */
  readonly mayStore: boolean;
  /** Argument that names the key for the result, 0 for none. */
  readonly target: number;
}

/** What a request says. */
class Search {
  readonly form: Form;
  readonly hasSource: boolean;
  fromMember = false;
  fromPlace = false;
  isCircle = false;
  isBox = false;
  longitude = 0;
  latitude = 0;
  /** In units. */
  radius = 0;
  width = 0;
  height = 0;
  /** Meters of a unit. */
  unit = 1;
  details = 0;
  /** Nearest first, farthest first, or as they are found. */
  order: 1 | -1 | 0 = 0;
  /** 0 is all. */
  count = 0;
  /** Whether to stop as soon as there are `count`. */
  any = false;
  target: number;
  storesDistance = false;

  constructor(form: Form, hasSource: boolean) {
    this.form = form;
    this.hasSource = hasSource;
    this.target = form.target;
  }

  readPlace(argv: Argv, index: number): void {
    placeAt(argv, index, position);
    this.#center(position);
    this.fromPlace = true;
  }

  readMember(argv: Argv, index: number): void {
    this.fromMember = true;
    // Without a source the request is still read to its end: the reply depends on what it says.
    if (!this.hasSource) return;
    if (!findPlace(argv, index, position)) throw errors.notAPlace;
    this.#center(position);
  }

  #center({ longitude, latitude }: Position): void {
    this.longitude = longitude;
    this.latitude = latitude;
  }

  readRadius(argv: Argv, index: number): void {
    this.radius = numberAt(argv, index, errors.needNumericRadius);
    if (this.radius < 0) throw errors.radiusNegative;
    this.unit = unitAt(argv, index + 1);
    this.isCircle = true;
  }

  readBox(argv: Argv, index: number): void {
    this.width = numberAt(argv, index, errors.needNumericWidth);
    this.height = numberAt(argv, index + 1, errors.needNumericHeight);
    if (this.width < 0 || this.height < 0) throw errors.boxNegative;
    this.unit = unitAt(argv, index + 2);
    this.isBox = true;
  }

  get shape(): Shape {
    const { longitude, latitude, radius, width, height, unit } = this;
    const diagonal = Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2));
    return {
      longitude,
      latitude,
      radius: this.isBox ? undefined : radius * unit,
      width: width * unit,
      height: height * unit,
      reach: (this.isBox ? diagonal : radius) * unit,
    };
  }
}

/** Reads an option that every command has. Answers how many arguments follow it, -1: it is none. */
function readOption({ argv, args }: Call, i: number, search: Search): number {
  if (argv.is(i, 'WITHDIST')) search.details |= WITHDIST;
  else if (argv.is(i, 'WITHHASH')) search.details |= WITHHASH;
  else if (argv.is(i, 'WITHCOORD')) search.details |= WITHCOORD;
  else if (argv.is(i, 'ANY')) search.any = true;
  else if (argv.is(i, 'ASC')) search.order = 1;
  else if (argv.is(i, 'DESC')) search.order = -1;
  else if (argv.is(i, 'COUNT') && i + 1 < argv.count) {
    search.count = args.integerAt(i + 1);
    if (search.count <= 0) throw errors.searchCountNotPositive;
    return 1;
  } else return -1;
  return 0;
}

/** The same for those of GEORADIUS and GEORADIUSBYMEMBER alone. */
function readStore({ argv }: Call, i: number, search: Search): number {
  if (!search.form.mayStore || i + 1 >= argv.count) return -1;
  const storesDistance = argv.is(i, 'STOREDIST');
  if (!storesDistance && !argv.is(i, 'STORE')) return -1;
  search.target = i + 1;
  search.storesDistance = storesDistance;
  return 1;
}

/** The same for those of GEOSEARCH and GEOSEARCHSTORE alone. */
function readSearch({ argv }: Call, i: number, search: Search): number {
  const left = argv.count - i - 1;
  if (argv.is(i, 'STOREDIST') && search.form.target !== 0) {
    search.storesDistance = true;
    return 0;
  }
  if (argv.is(i, 'FROMMEMBER') && left >= 1 && !search.fromPlace) {
    search.readMember(argv, i + 1);
    return 1;
  }
  if (argv.is(i, 'FROMLONLAT') && left >= 2 && !search.fromMember) {
    search.readPlace(argv, i + 1);
    return 2;
  }
  if (argv.is(i, 'BYRADIUS') && left >= 2 && !search.isBox) {
    search.readRadius(argv, i + 1);
    return 2;
  }
  if (argv.is(i, 'BYBOX') && left >= 3 && !search.isCircle) {
    search.readBox(argv, i + 1);
    return 3;
  }
  return -1;
}

function readOptions(call: Call, search: Search): void {
  const { argv } = call;
  const { form } = search;
  const isSearch = form.from === 'options';
  for (let i = form.options; i < argv.count; i++) {
    let taken = readOption(call, i, search);
    if (taken < 0) taken = isSearch ? readSearch(call, i, search) : readStore(call, i, search);
    if (taken < 0) throw errors.syntax;
    i += taken;
  }
  if (search.target !== 0 && search.details !== 0) {
    throw errors.storeWithDetails(
      form.target !== 0 ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS',
    );
  }
  if (isSearch && !search.fromMember && !search.fromPlace) {
    throw errors.searchFromOne(argv.text(0));
  }
  if (isSearch && !search.isCircle && !search.isBox) throw errors.searchByOne(argv.text(0));
  if (search.any && search.count === 0) throw errors.anyNeedsCount;
}

interface Found extends Scored {
  readonly longitude: number;
  readonly latitude: number;
  /** Meters from the center. */
  readonly meters: number;
}

/** All members of the open set inside a shape; with a limit, no more than that. */
function find(shape: Shape, limit: number): Found[] {
  const found: Found[] = [];
  for (const { min, max } of rangesOf(shape)) {
    if (limit > 0 && found.length >= limit) break;
    for (let more = set.seek(set.countBelowScore(min, false)); more; more = set.next()) {
      const score = set.currentScore;
      if (score >= max) break;
      placeOf(score, position);
      const meters = distanceWithin(shape, position);
      if (meters >= 0) {
        const member = new Uint8Array(set.currentSize);
        set.copyCurrent(member, 0);
        found.push({ member, score, meters, ...position });
      }
      if (limit > 0 && found.length >= limit) break;
    }
  }
  return found;
}

function replyFound(call: Call, found: readonly Found[], { details, unit }: Search): void {
  const { reply } = call;
  let fields = 1;
  for (let bits = details; bits !== 0; bits &= bits - 1) fields++;
  reply.array(found.length);
  for (const one of found) {
    if (fields > 1) reply.array(fields);
    reply.bulk(one.member);
    if ((details & WITHDIST) !== 0) reply.bulkText(fixedText(one.meters / unit, DISTANCE_DIGITS));
    if ((details & WITHHASH) !== 0) reply.integer(one.score);
    if ((details & WITHCOORD) !== 0) replyPlace(call, one);
  }
}

/** Puts what was found under the key for it, or deletes that key when it is nothing. */
function storeFound(call: Call, found: readonly Found[], search: Search): void {
  const { argv, db, reply } = call;
  const { target, storesDistance, unit, form } = search;
  if (found.length > 0) {
    const members = storesDistance
      ? found.map(({ member, meters }) => ({ member, score: meters / unit }))
      : found;
    storeSortedSet(db, argv, target, members, limitsOf(call));
    const event = form.target !== 0 ? events.geosearchstore : events.georadiusstore;
    db.changedKey(argv, target, event, found.length);
  } else {
    const old = db.peek(argv, target);
    if (old !== 0) {
      db.removeEmpty(argv, target, old);
      db.changed();
    }
  }
  reply.integer(found.length);
}

function search(call: Call, form: Form): void {
  const { argv, reply } = call;
  const wanted = new Search(form, open(call, form.source));
  if (form.from === 'place') wanted.readPlace(argv, 2);
  else if (form.from === 'member') wanted.readMember(argv, 2);
  // GEORADIUSBYMEMBER without a source does not look at its radius.
  const hasRadius = form.from === 'place' || (form.from === 'member' && wanted.hasSource);
  if (hasRadius) wanted.readRadius(argv, form.options - 2);
  readOptions(call, wanted);

  const { count, any } = wanted;
  let found: readonly Found[] = [];
  if (wanted.hasSource) {
    // A count without an order means the nearest.
    const order = wanted.order === 0 && count > 0 && !any ? 1 : wanted.order;
    const all = find(wanted.shape, any ? count : 0);
    const isPart = count > 0 && count < all.length;
    const compare = (a: Found, b: Found): number => (a.meters - b.meters) * order;
    if (order !== 0 && isPart) partialSort(all, compare, 0, count - 1);
    else if (order !== 0) all.sort(compare);
    found = isPart ? all.slice(0, count) : all;
  }
  if (wanted.target !== 0) storeFound(call, found, wanted);
  else if (found.length === 0) reply.array(0);
  else replyFound(call, found, wanted);
}

// ── The commands ────────────────────────────────────────────────────────────────────────────────

const SOURCE: KeySpec = {
  flags: ['RO', 'access'],
  begin: { type: 'index', index: 1 },
  find: { type: 'range', lastKey: 0, step: 1, limit: 0 },
};

const STORED: readonly KeyFlag[] = ['OW', 'update'];

/**
 * The keys of such a command. Of several STORE the last one counts, where the specs name the first:
 * who may write to one key must not write to another.
 */
function keysFrom(startFrom: number) {
  return (argv: Argv, first: number): readonly FoundKey[] => {
    const targets: FoundKey[] = [];
    const distanceTargets: FoundKey[] = [];
    for (let i = first + startFrom; i + 1 < argv.count; i++) {
      if (argv.is(i, 'STORE')) targets.push(keyAt(argv, ++i, STORED));
      else if (argv.is(i, 'STOREDIST')) distanceTargets.push(keyAt(argv, ++i, STORED));
    }
    return [keyAt(argv, first + 1, SOURCE.flags), ...targets, ...distanceTargets];
  };
}

/** Key specs of a command with the options STORE and STOREDIST behind argument `startFrom`. */
function storing(startFrom: number): readonly KeySpec[] {
  const targetAfter = (keyword: string): KeySpec => ({
    flags: STORED,
    begin: { type: 'keyword', keyword, startFrom },
    find: { type: 'range', lastKey: 0, step: 1, limit: 0 },
  });
  return [SOURCE, targetAfter('STORE'), targetAfter('STOREDIST')];
}

const AROUND_COMPLEXITY =
  'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area ' +
  'delimited by center and radius and M is the number of items inside the index.';
const SEARCH_COMPLEXITY =
  'O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around ' +
  'the shape provided as the filter and M is the number of items inside the shape';
const UPPER_CASE = ['7.0.0', 'Added support for uppercase unit names.'] as const;
const ANY_ADDED = ['6.2.0', 'Added the `ANY` option for `COUNT`.'] as const;

export const georadius = command({
  syntax:
    'GEORADIUS key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] ' +
    '[WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]',
  summary: 'Finds members within a distance from a place, or stores them.',
  since: '3.2.0',
  complexity: AROUND_COMPLEXITY,
  arguments: {
    ANY: { since: '6.2.0' },
    STORE: { name: 'storekey' },
    STOREDIST: { name: 'storedistkey' },
  },
  keys: storing(6),
  findKeys: keysFrom(6),
  flags: ['denyoom'],
  deprecated: {
    since: '6.2.0',
    use: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument',
  },
  history: [ANY_ADDED, UPPER_CASE],
  run: (call) => search(call, { source: 1, options: 6, from: 'place', mayStore: true, target: 0 }),
});

export const georadiusRo = command({
  syntax:
    'GEORADIUS_RO key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] ' +
    '[WITHHASH] [COUNT count [ANY]] [ASC | DESC]',
  summary: 'Finds members within a distance from a place.',
  since: '3.2.10',
  complexity: AROUND_COMPLEXITY,
  arguments: { ANY: { since: '6.2.0' } },
  keys: 'RO access',
  deprecated: { since: '6.2.0', use: '`GEOSEARCH` with the `BYRADIUS` argument' },
  history: [ANY_ADDED],
  run: (call) => search(call, { source: 1, options: 6, from: 'place', mayStore: false, target: 0 }),
});

export const georadiusbymember = command({
  syntax:
    'GEORADIUSBYMEMBER key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] ' +
    '[COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]',
  summary: 'Finds members within a distance from another, or stores them.',
  since: '3.2.0',
  complexity: AROUND_COMPLEXITY,
  arguments: { STORE: { name: 'storekey' }, STOREDIST: { name: 'storedistkey' } },
  keys: storing(5),
  findKeys: keysFrom(5),
  flags: ['denyoom'],
  deprecated: {
    since: '6.2.0',
    use: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments',
  },
  history: [UPPER_CASE],
  run: (call) => search(call, { source: 1, options: 5, from: 'member', mayStore: true, target: 0 }),
});

export const georadiusbymemberRo = command({
  syntax:
    'GEORADIUSBYMEMBER_RO key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] ' +
    '[WITHHASH] [COUNT count [ANY]] [ASC | DESC]',
  summary: 'Finds members within a distance from another.',
  since: '3.2.10',
  complexity: AROUND_COMPLEXITY,
  keys: 'RO access',
  deprecated: {
    since: '6.2.0',
    use: '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments',
  },
  run: (call) =>
    search(call, { source: 1, options: 5, from: 'member', mayStore: false, target: 0 }),
});

export const geosearch = command({
  syntax:
    'GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius ' +
    '<M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] ' +
    '[COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]',
  summary: 'Finds members inside a circle or a box.',
  since: '6.2.0',
  complexity: SEARCH_COMPLEXITY,
  keys: 'RO access',
  history: [UPPER_CASE],
  run: (call) =>
    search(call, { source: 1, options: 2, from: 'options', mayStore: false, target: 0 }),
});

export const geosearchstore = command({
  syntax:
    'GEOSEARCHSTORE destination source <FROMMEMBER member | FROMLONLAT longitude latitude> ' +
    '<BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] ' +
    '[COUNT count [ANY]] [STOREDIST]',
  summary: 'Stores the members inside a circle or a box.',
  since: '6.2.0',
  complexity: SEARCH_COMPLEXITY,
  keys: ['OW update', 'RO access'],
  flags: ['denyoom'],
  history: [UPPER_CASE],
  run: (call) =>
    search(call, { source: 2, options: 3, from: 'options', mayStore: false, target: 1 }),
});
