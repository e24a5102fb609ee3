/** Places as scores, and areas as ranges of scores. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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
} from '../../../src/value/geohash.ts';

const longitudes = fc.double({ min: -LONGITUDE_MAX, max: LONGITUDE_MAX, noNaN: true });
const latitudes = fc.double({ min: -LATITUDE_MAX, max: LATITUDE_MAX, noNaN: true });

function circle(longitude: number, latitude: number, radius: number): Shape {
  return { longitude, latitude, radius, width: 0, height: 0, reach: radius };
}

function box(longitude: number, latitude: number, width: number, height: number): Shape {
  const reach = Math.hypot(width / 2, height / 2);
  return { longitude, latitude, radius: undefined, width, height, reach };
}

test('the score of a place leads back to it, within half a meter', () => {
  const found: Position = { longitude: 0, latitude: 0 };
  fc.assert(
    fc.property(longitudes, latitudes, (longitude, latitude) => {
      placeOf(scoreOf(longitude, latitude), found);
      expect(Math.abs(found.longitude - longitude)).toBeLessThan(6e-6);
      expect(Math.abs(found.latitude - latitude)).toBeLessThan(3e-6);
    }),
  );
});

test('the scores of Redis for the places of its manual', () => {
  expect(scoreOf(13.361389, 38.115556)).toBe(3479099956230698);
  expect(scoreOf(15.087269, 37.502669)).toBe(3479447370796909);
  expect(scoreOf(-180, -LATITUDE_MAX)).toBe(0);
});

test('a geohash is the one the rest of the world has', () => {
  expect(geohashText({ longitude: -5.603, latitude: 42.605 })).toMatch(/^ezs42/);
  expect(geohashText({ longitude: 13.361389, latitude: 38.115556 })).toMatch(/^sqc8b49rny/);
});

test('a distance is the same both ways, and none to the place itself', () => {
  fc.assert(
    fc.property(longitudes, latitudes, longitudes, latitudes, (lon1, lat1, lon2, lat2) => {
      const there = distance(lon1, lat1, lon2, lat2);
      expect(distance(lon2, lat2, lon1, lat1)).toBeCloseTo(there, 3);
      expect(distance(lon1, lat1, lon1, lat1)).toBe(0);
      expect(there).toBeLessThanOrEqual(Math.PI * 6372797.560856 + 1);
    }),
  );
});

describe('the ranges of a shape', () => {
  /** Places up to some degrees away, so that many are inside. */
  const offsets = fc.double({ min: -3, max: 3, noNaN: true });
  const inside = fc.double({ min: -170, max: 170, noNaN: true });
  const middle = fc.double({ min: -78, max: 78, noNaN: true });

  function isCovered(shape: Shape, longitude: number, latitude: number): boolean {
    const place: Position = { longitude: 0, latitude: 0 };
    const score = scoreOf(longitude, latitude);
    placeOf(score, place);
    if (distanceWithin(shape, place) < 0) return true;
    return rangesOf(shape).some(({ min, max }) => score >= min && score < max);
  }

  test('hold every place inside a circle', () => {
    const radii = fc.double({ min: 1, max: 400_000, noNaN: true });
    fc.assert(
      fc.property(inside, middle, offsets, offsets, radii, (lon, lat, dLon, dLat, radius) => {
        expect(isCovered(circle(lon, lat, radius), lon + dLon, lat + dLat)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('hold every place inside a box', () => {
    const sizes = fc.double({ min: 1, max: 400_000, noNaN: true });
    fc.assert(
      fc.property(inside, middle, offsets, offsets, sizes, sizes, (lon, lat, dLon, dLat, w, h) => {
        expect(isCovered(box(lon, lat, w, h), lon + dLon, lat + dLat)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('are nine at most, and no two of them overlap', () => {
    fc.assert(
      fc.property(inside, middle, (lon, lat) => {
        const ranges = rangesOf(circle(lon, lat, 5000)).sort((a, b) => a.min - b.min);
        expect(ranges.length).toBeLessThanOrEqual(9);
        for (let i = 1; i < ranges.length; i++) {
          expect(ranges[i].min).toBeGreaterThanOrEqual(ranges[i - 1].max);
        }
      }),
    );
  });
});
