/**
 * Geohash: a place on earth as the score of a member, and areas as ranges of scores.
 *
 *   latitude  ──► 26 bits ┐ interleaved   52 bits, which a double holds exactly
 *   longitude ──► 26 bits ┘ lon lat lon lat …
 *
 * Each pair of bits halves the area both ways, so places whose scores begin alike are near each
 * other. A search takes the cell its center is in, of about the size of the shape, and the eight
 * around it; each is one range of scores, and what they hold is measured. What is near but on the
 * other side of a cell's edge is why it takes nine.
 *
 * The order of cells, the precision, the radius of the earth and each rounding are those of Redis's
 * geohash.c and geohash_helper.c, so scores and distances are the same to the last digit.
 */

/** EPSG:900913: the poles are not on the map. */
export const LATITUDE_MAX = 85.05112878;
export const LONGITUDE_MAX = 180;
const STEP_MAX = 26;

const EARTH_RADIUS = 6372797.560856;
const MERCATOR_MAX = 20037726.37;
const RADIANS = Math.PI / 180;

const HALF_STEPS = 13;
const HALF_MASK = (1 << HALF_STEPS) - 1;
const TWO_26 = 2 ** 26;
const TWO_52 = 2 ** 52;

export interface Position {
  longitude: number;
  latitude: number;
}

/** What is searched: a circle or a box around a place, in meters. */
export interface Shape {
  readonly longitude: number;
  readonly latitude: number;
  /** Of a circle; undefined for a box. */
  readonly radius: number | undefined;
  readonly width: number;
  readonly height: number;
  /** From the center to what is farthest from it: the radius, or half the diagonal. */
  readonly reach: number;
}

/** Scores from `min` up to, and without, `max`. */
export interface ScoreRange {
  readonly min: number;
  readonly max: number;
}

/** A cell: how often the world was halved both ways, and which of the parts it is. */
interface Cell {
  readonly step: number;
  readonly x: number;
  readonly y: number;
}

interface Area {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

// ── Places and scores ───────────────────────────────────────────────────────────────────────────

/** Spreads 13 bits over 26: bit i goes to bit 2i. */
function spread(bits: number): number {
  let x = bits;
  x = (x | (x << 8)) & 0x00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f;
  x = (x | (x << 2)) & 0x33333333;
  return (x | (x << 1)) & 0x55555555;
}

/** The reverse, of the even bits among 32. */
function gather(bits: number): number {
  let x = bits & 0x55555555;
  x = (x | (x >>> 1)) & 0x33333333;
  x = (x | (x >>> 2)) & 0x0f0f0f0f;
  x = (x | (x >>> 4)) & 0x00ff00ff;
  return (x | (x >>> 8)) & 0x0000ffff;
}

/** Latitude in the even bits, longitude in the odd ones; each of at most 27 bits. */
function interleave(y: number, x: number): number {
  const low = spread(y & HALF_MASK) | (spread(x & HALF_MASK) << 1);
  const high =
    spread((y >>> HALF_STEPS) & HALF_MASK) | (spread((x >>> HALF_STEPS) & HALF_MASK) << 1);
  // The bits of the northern and eastern edge itself, which is one more cell.
  const edge = (y >>> STEP_MAX) + (x >>> STEP_MAX) * 2;
  return edge * TWO_52 + high * TWO_26 + low;
}

function partOf(value: number, limit: number, step: number): number {
  return Math.trunc(((value + limit) / (limit + limit)) * 2 ** step);
}

/** Score of a place that is on the map. */
export function scoreOf(longitude: number, latitude: number): number {
  const y = partOf(latitude, LATITUDE_MAX, STEP_MAX);
  return interleave(y, partOf(longitude, LONGITUDE_MAX, STEP_MAX));
}

/** The 64 bits a score is read as: two words. */
function wordsOf(score: number): readonly [high: number, low: number] {
  if (score >= 0 && score < 2 ** 53) {
    const whole = Math.floor(score);
    return [Math.floor(whole / 2 ** 32), whole >>> 0];
  }
  // ZADD may have given any: as C on x86-64 converts what is no 64-bit integer.
  let bits = 0n;
  if (score < -(2 ** 63)) bits = 1n << 63n;
  else if (score < 2 ** 64) bits = BigInt.asUintN(64, BigInt(Math.trunc(score)));
  return [Number(bits >> 32n), Number(bits & 0xffffffffn)];
}

/** Where a member with this score is. Writes it to `target`. */
export function placeOf(score: number, target: Position): void {
  const [high, low] = wordsOf(score);
  const y = gather(low) + gather(high) * 65536;
  const x = gather(low >>> 1) + gather(high >>> 1) * 65536;
  const parts = 2 ** STEP_MAX;
  target.longitude = middle(x, LONGITUDE_MAX, parts);
  target.latitude = middle(y, LATITUDE_MAX, parts);
}

function edgeOf(part: number, limit: number, parts: number): number {
  return -limit + (part / parts) * (limit + limit);
}

function middle(part: number, limit: number, parts: number): number {
  const center = (edgeOf(part, limit, parts) + edgeOf(part + 1, limit, parts)) / 2;
  return Math.min(limit, Math.max(-limit, center));
}

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';
const POLE = 90;
const TEXT_SIZE = 11;

/** The standard geohash of a place, of eleven characters: its latitudes reach the poles. */
export function geohashText({ longitude, latitude }: Position): string {
  const y = partOf(latitude, POLE, STEP_MAX);
  const bits = interleave(y, partOf(longitude, LONGITUDE_MAX, STEP_MAX));
  let text = '';
  // Fifty of 52 bits; the eleventh character would need 55, and is a zero.
  for (let shift = 47; shift >= 2; shift -= 5) text += ALPHABET[Math.floor(bits / 2 ** shift) & 31];
  return text.padEnd(TEXT_SIZE, ALPHABET[0]);
}

// ── Distances ───────────────────────────────────────────────────────────────────────────────────

function meridianDistance(latitude1: number, latitude2: number): number {
  return EARTH_RADIUS * Math.abs(latitude2 * RADIANS - latitude1 * RADIANS);
}

/** Meters between two places, along a great circle. */
export function distance(
  longitude1: number,
  latitude1: number,
  longitude2: number,
  latitude2: number,
): number {
  const v = Math.sin((longitude2 * RADIANS - longitude1 * RADIANS) / 2);
  if (v === 0) return meridianDistance(latitude1, latitude2);
  const lat1 = latitude1 * RADIANS;
  const lat2 = latitude2 * RADIANS;
  const u = Math.sin((lat2 - lat1) / 2);
  const a = u * u + Math.cos(lat1) * Math.cos(lat2) * v * v;
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(a));
}

/** Meters from the center of a shape to a place, or -1 when the place is outside. */
export function distanceWithin(shape: Shape, { longitude, latitude }: Position): number {
  if (shape.radius !== undefined) {
    const meters = distance(shape.longitude, shape.latitude, longitude, latitude);
    return meters > shape.radius ? -1 : meters;
  }
  if (meridianDistance(latitude, shape.latitude) > shape.height / 2) return -1;
  if (distance(longitude, latitude, shape.longitude, latitude) > shape.width / 2) return -1;
  return distance(shape.longitude, shape.latitude, longitude, latitude);
}

// ── Areas ───────────────────────────────────────────────────────────────────────────────────────

/** How often to halve the world for cells of about the size of what is searched. */
function stepFor(meters: number, latitude: number): number {
  if (meters === 0) return STEP_MAX;
  let step = 1;
  for (let range = meters; range < MERCATOR_MAX; range *= 2) step++;
  step -= 2;
  // Meridians come together towards the poles.
  if (Math.abs(latitude) > 66) step--;
  if (Math.abs(latitude) > 80) step--;
  return Math.min(STEP_MAX, Math.max(1, step));
}

/** The box around a shape, by its wider edge; beyond the map where the shape is. */
function boundsOf(shape: Shape): Area {
  const { longitude, latitude } = shape;
  const height = shape.radius ?? shape.height / 2;
  const width = shape.radius ?? shape.width / 2;
  const latDelta = height / EARTH_RADIUS / RADIANS;
  const wideAt = latitude < 0 ? latitude - latDelta : latitude + latDelta;
  const lonDelta = width / EARTH_RADIUS / Math.cos(wideAt * RADIANS) / RADIANS;
  return {
    west: longitude - lonDelta,
    east: longitude + lonDelta,
    south: latitude - latDelta,
    north: latitude + latDelta,
  };
}

function cellAt(longitude: number, latitude: number, step: number): Cell {
  const y = partOf(latitude, LATITUDE_MAX, step);
  return { step, x: partOf(longitude, LONGITUDE_MAX, step), y };
}

/** The cell so many to the east and to the north: around the world, in both directions. */
function neighbor({ step, x, y }: Cell, east: number, north: number): Cell {
  const mask = 2 ** step - 1;
  return {
    step,
    x: east === 0 ? x : (x + east) & mask,
    y: north === 0 ? y : (y + north) & mask,
  };
}

function areaOf({ step, x, y }: Cell): Area {
  const parts = 2 ** step;
  return {
    west: edgeOf(x, LONGITUDE_MAX, parts),
    east: edgeOf(x + 1, LONGITUDE_MAX, parts),
    south: edgeOf(y, LATITUDE_MAX, parts),
    north: edgeOf(y + 1, LATITUDE_MAX, parts),
  };
}

/** Whether the neighbors of a cell reach as far as the bounds do, in all four directions. */
function covers(cell: Cell, bounds: Area): boolean {
  return (
    areaOf(neighbor(cell, 0, 1)).north >= bounds.north &&
    areaOf(neighbor(cell, 0, -1)).south <= bounds.south &&
    areaOf(neighbor(cell, 1, 0)).east >= bounds.east &&
    areaOf(neighbor(cell, -1, 0)).west <= bounds.west
  );
}

/** Neighbors in the order in which Redis looks into them, as steps to the east and the north. */
const AROUND: readonly (readonly [east: number, north: number])[] = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
];

/** The ranges of scores that hold all that may be inside a shape, in the order to look into them. */
export function rangesOf(shape: Shape): ScoreRange[] {
  const { longitude, latitude } = shape;
  const bounds = boundsOf(shape);
  let cell = cellAt(longitude, latitude, stepFor(shape.reach, latitude));
  if (cell.step > 1 && !covers(cell, bounds)) cell = cellAt(longitude, latitude, cell.step - 1);
  const area = areaOf(cell);
  const canLeaveOut = cell.step >= 2;
  const ranges: ScoreRange[] = [];
  let last: Cell | undefined;
  for (const [east, north] of AROUND) {
    if (canLeaveOut) {
      if (north < 0 && area.south < bounds.south) continue;
      if (north > 0 && area.north > bounds.north) continue;
      if (east < 0 && area.west < bounds.west) continue;
      if (east > 0 && area.east > bounds.east) continue;
    }
    const next = neighbor(cell, east, north);
    // Around a small world the same cell comes from both sides; the last one is remembered.
    if (last !== undefined && last.x === next.x && last.y === next.y) continue;
    const scale = 4 ** (STEP_MAX - next.step);
    const min = interleave(next.y, next.x);
    ranges.push({ min: min * scale, max: (min + 1) * scale });
    // As Redis has it: the cell of the center itself is not compared with.
    if (east !== 0 || north !== 0) last = next;
  }
  return ranges;
}
