/** Places: scores, distances, and what a search finds, in which order. */

import { SeededRandom } from '../../src/std/random.ts';
import { conformance, type Verbs } from './harness.ts';

const SICILY = 'GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania';
const EDGES = ['-180', '180', '0', '-0', '179.9999999', '-179.9999999', '90', '1e-9', '45.5'];
const LATITUDES = [
  '-85.05112878',
  '85.05112878',
  '0',
  '85',
  '-85',
  '66.5',
  '80.1',
  '-80.1',
  '1e-9',
];

const random = new SeededRandom(7);
const fraction = (): number => random.u32() / 2 ** 32;

/** So many places all over the map, or within a few degrees. */
function places(count: number, near: readonly [number, number] | undefined): string[] {
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    const longitude = near === undefined ? fraction() * 360 - 180 : near[0] + fraction() * 4 - 2;
    const latitude = near === undefined ? fraction() * 170 - 85 : near[1] + fraction() * 4 - 2;
    words.push(longitude.toFixed(6), latitude.toFixed(6), `p${i}`);
  }
  return words;
}

const FAR = places(300, undefined);
const NEAR = places(60, [13.4, 52.5]);

function fill({ same }: Verbs): void {
  same(SICILY);
  same(['GEOADD', 'far', ...FAR]);
  same(['GEOADD', 'near', ...NEAR]);
}

conformance('geo', ({ test }) => {
  test('GEOADD adds places and counts as ZADD does', ({ same, fails }) => {
    same(SICILY);
    same(SICILY);
    same('GEOADD Sicily CH 13.361389 38.2 Palermo 1 1 New');
    same('GEOADD Sicily NX CH 1 2 Palermo 3 4 Other');
    same('GEOADD Sicily XX CH 5 6 Palermo 7 8 Nowhere');
    same('GEOADD Sicily nx 1 2 Palermo');
    same('GEOADD none XX 1 2 a');
    same('EXISTS none');
    same('ZRANGE Sicily 0 -1 WITHSCORES');
    same('OBJECT ENCODING Sicily');
    same('GEOADD Sicily 1 1 "" 1 1 "\\x00\\xff"');
    same('GEOADD twice 1 1 a 2 2 a');
    same('ZRANGE twice 0 -1 WITHSCORES');
    fails('GEOADD');
    fails('GEOADD k 1 2');
    fails('GEOADD k 1 2 a 3');
    fails('GEOADD k NX XX 1 2 a');
    fails('GEOADD k NX NX NX');
    fails('GEOADD k 181 2 a');
    fails('GEOADD k 1 86 a');
    fails('GEOADD k 1 2 a -180.1 -90 b');
    fails('GEOADD k x 2 a');
    fails('GEOADD k 1 y a');
    fails('GEOADD k nan 1 a');
    fails('GEOADD k inf 1 a');
    fails('GEOADD k -inf 1e300 a');
    fails('GEOADD k 1e22 0 a');
    same('EXISTS k');
    same('SET s v');
    fails('GEOADD s 1 2 a');
    fails('GEOADD s 1 200 a');
  });

  test('every corner of the map has the score it has in Redis', ({ same }) => {
    for (const longitude of EDGES) {
      for (const latitude of LATITUDES) {
        same(['GEOADD', 'edge', longitude, latitude, `${longitude},${latitude}`]);
      }
    }
    same('ZRANGE edge 0 -1 WITHSCORES');
    const members = EDGES.flatMap((a) => LATITUDES.map((b) => `${a},${b}`));
    same(['GEOPOS', 'edge', ...members]);
    same(['GEOHASH', 'edge', ...members]);
    for (const member of members.slice(0, 20)) same(['GEODIST', 'edge', member, '0,0', 'km']);
  });

  test('scores that are no places are read as C reads them', ({ same }) => {
    const scores = ['inf', '-inf', '1e308', '-1e308', '1e19', '1.9e19', '-1', '-1e18', '-9.3e18'];
    for (const score of scores) same(['ZADD', 'k', score, score]);
    same(['GEOPOS', 'k', ...scores]);
    same(['GEOHASH', 'k', ...scores]);
  });

  test('positions, geohashes and distances', (verbs) => {
    const { same, fails } = verbs;
    fill(verbs);
    same('GEOPOS Sicily Palermo none Catania');
    same('GEOPOS none a b');
    same('GEOPOS Sicily');
    same('GEOHASH Sicily Palermo none Catania');
    same('GEOHASH none a');
    same('GEOHASH Sicily');
    for (const unit of ['', 'm', 'km', 'FT', 'Mi']) same(`GEODIST Sicily Palermo Catania ${unit}`);
    same('GEODIST Sicily Palermo Palermo');
    same('GEODIST Sicily Palermo none');
    same('GEODIST none Palermo Catania');
    fails('GEODIST Sicily Palermo');
    fails('GEODIST Sicily Palermo Catania yd');
    fails('GEODIST Sicily Palermo Catania m m');
    for (let i = 0; i < 300; i += 3) same(`GEODIST far p${i} p${(i * 7 + 1) % 300} m`);
    for (let i = 0; i < 300; i += 50) {
      const names = Array.from({ length: 50 }, (_, j) => `p${i + j}`);
      same(['GEOPOS', 'far', ...names]);
      same(['GEOHASH', 'far', ...names]);
    }
    same('SET s v');
    for (const name of ['GEOPOS', 'GEOHASH']) fails(`${name} s a`);
    fails('GEODIST s a b');
    fails('GEODIST s a b yd');
  });

  test('scores that no place has are read as places', ({ same }) => {
    const scores = ['0', '-1', '1.5', '-1.5', '4503599627370495', '4503599627370496', '1e15'];
    for (const [i, score] of [...scores, '9007199254740993', '1e18', '-1e15'].entries()) {
      same(`ZADD odd ${score} m${i}`);
      same(`GEOPOS odd m${i}`);
      same(`GEOHASH odd m${i}`);
    }
  });

  test('searches in circles and boxes', (verbs) => {
    const { same } = verbs;
    fill(verbs);
    const shapes = ['BYRADIUS 100 km', 'BYRADIUS 200 km', 'BYBOX 400 400 km', 'BYBOX 1 1 m'];
    for (const shape of [...shapes, 'BYRADIUS 0 m', 'BYBOX 500 100 mi', 'BYRADIUS 1e9 m']) {
      for (const from of ['FROMLONLAT 15 37', 'FROMMEMBER Palermo']) {
        same(`GEOSEARCH Sicily ${from} ${shape} ASC`);
        same(`GEOSEARCH Sicily ${shape} ${from} DESC WITHCOORD WITHDIST WITHHASH`);
      }
    }
    for (const [i, radius] of [1, 50, 300, 1000, 3000, 8000, 15000, 20100, 1e5].entries()) {
      for (let p = i; p < 300; p += 37) {
        same(`GEOSEARCH far FROMMEMBER p${p} BYRADIUS ${radius} km ASC WITHDIST`);
        same(`GEOSEARCH far FROMMEMBER p${p} BYBOX ${radius} ${radius / 2} km ASC WITHDIST`);
        same(`GEOSEARCH far FROMMEMBER p${p} BYBOX ${radius / 3} ${radius} km DESC`);
        same(`GEOSEARCH far FROMMEMBER p${p} BYRADIUS ${radius} km ASC COUNT 5`);
      }
    }
    for (const radius of [1, 10, 40, 100, 250]) {
      same(`GEOSEARCH near FROMLONLAT 13.4 52.5 BYRADIUS ${radius} km ASC WITHDIST WITHCOORD`);
      same(`GEOSEARCH near FROMLONLAT 13.4 52.5 BYRADIUS ${radius} km`);
      same(`GEOSEARCH near FROMLONLAT 13.4 52.5 BYBOX ${radius} ${radius} mi`);
      same(`GEOSEARCH near FROMLONLAT 13.4 52.5 BYRADIUS ${radius} km COUNT 3 ANY`);
      same(`GEOSEARCH near FROMLONLAT 13.4 52.5 BYRADIUS ${radius} km COUNT 4 ANY ASC`);
      same(`GEOSEARCH near FROMLONLAT 13.4 52.5 BYRADIUS ${radius} km COUNT 3`);
      same(`GEOSEARCH near FROMLONLAT 13.4 52.5 BYRADIUS ${radius} km DESC COUNT 3`);
    }
    for (const latitude of LATITUDES) {
      for (const longitude of EDGES) {
        same(`GEOSEARCH far FROMLONLAT ${longitude} ${latitude} BYRADIUS 2500 km ASC`);
        same(`GEOSEARCH far FROMLONLAT ${longitude} ${latitude} BYBOX 9000 4000 km ASC`);
      }
    }
  });

  test('a search refuses what Redis refuses, in its order', (verbs) => {
    const { same, fails, agrees } = verbs;
    fill(verbs);
    fails('GEOSEARCH Sicily FROMLONLAT 15 37 ASC DESC');
    fails('GEOSEARCH Sicily BYRADIUS 1 km ASC DESC ASC');
    fails('GeoSearch Sicily BYRADIUS 1 km ASC DESC ASC');
    fails('GEOSEARCH Sicily FROMMEMBER none BYRADIUS 1 km');
    fails('GEOSEARCH Sicily FROMMEMBER Palermo FROMLONLAT 1 2 BYRADIUS 1 km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 FROMMEMBER Palermo BYRADIUS 1 km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYBOX 1 2 km BYRADIUS 1 km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km BYBOX 1 2 km');
    fails('GEOSEARCH Sicily FROMLONLAT 181 2 BYRADIUS 1 km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS -1 km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS x km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 yd');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYBOX -1 1 km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYBOX 1 -1 km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYBOX x 1 km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYBOX 1 y km');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYBOX 1 1 yd');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km COUNT 0');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km COUNT -1');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km COUNT x');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km COUNT');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km ANY');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km STOREDIST');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km STORE k');
    fails('GEOSEARCH Sicily FROMLONLAT 1 2 BYRADIUS 1 km junk');
    same('GEOSEARCH none FROMLONLAT 1 2 BYRADIUS 1 km');
    same('GEOSEARCH none FROMMEMBER x BYRADIUS 1 km WITHDIST');
    fails('GEOSEARCH none FROMMEMBER x BYRADIUS 1 km ANY');
    fails('GEOSEARCH none BYRADIUS 1 km ASC ASC ASC');
    fails('GEORADIUS Sicily 1 2 3 yd');
    fails('GEORADIUS Sicily 1 200 3 km');
    fails('GEORADIUS Sicily 1 2 -3 km');
    fails('GEORADIUS Sicily 15 37 200 km STORE d WITHDIST');
    fails('GEORADIUS Sicily 15 37 200 km WITHCOORD STOREDIST d');
    fails('GEORADIUS Sicily 15 37 200 km STORE');
    fails('GEORADIUS Sicily 15 37 200 km FROMMEMBER Palermo');
    fails('GEORADIUS_RO Sicily 15 37 200 km STORE d');
    fails('GEORADIUSBYMEMBER_RO Sicily Palermo 200 km STOREDIST d');
    fails('GEORADIUSBYMEMBER Sicily none 200 km');
    agrees('GEORADIUSBYMEMBER none none x yd');
    agrees('GEORADIUSBYMEMBER none none 1 km COUNT 0');
    agrees('GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 1 km WITHDIST');
    agrees('GEOSEARCHSTORE d none FROMLONLAT 15 37 BYRADIUS 1 km WITHHASH');
    same('SET s v');
    fails('GEOSEARCH s FROMLONLAT 1 2 BYRADIUS 1 yd');
    fails('GEORADIUS s 1 2 x yd');
    fails('GEORADIUSBYMEMBER s m x yd');
    fails('GEOSEARCHSTORE d s FROMLONLAT 1 2 BYRADIUS 1 km');
  });

  test('the older commands search the same', (verbs) => {
    const { same } = verbs;
    fill(verbs);
    for (const name of ['GEORADIUS', 'GEORADIUS_RO']) {
      same(`${name} Sicily 15 37 200 km`);
      same(`${name} Sicily 15 37 200 km WITHDIST WITHCOORD WITHHASH DESC`);
      same(`${name} Sicily 15 37 200 km COUNT 1`);
      same(`${name} Sicily 15 37 200 km count 1 any withdist`);
      same(`${name} none 15 37 200 km`);
    }
    for (const name of ['GEORADIUSBYMEMBER', 'GEORADIUSBYMEMBER_RO']) {
      same(`${name} Sicily Palermo 200 km`);
      same(`${name} Sicily Palermo 200 km ASC WITHDIST`);
      same(`${name} none Palermo 200 km`);
    }
  });

  test('results are stored in place of what was there', (verbs) => {
    const { same, near } = verbs;
    fill(verbs);
    same('GEORADIUS Sicily 15 37 200 km STORE d');
    same('ZRANGE d 0 -1 WITHSCORES');
    // Sines are those of the C library there, and may differ in the last of 17 digits.
    same('GEORADIUS Sicily 15 37 200 km STOREDIST d');
    near(1e-9, 'ZRANGE d 0 -1 WITHSCORES');
    same('GEORADIUS Sicily 15 37 200 km STOREDIST d STORE e');
    same('ZRANGE e 0 -1 WITHSCORES');
    same('GEORADIUSBYMEMBER Sicily Palermo 200 km STORE e');
    same('GEOSEARCHSTORE f Sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC COUNT 1');
    same('ZRANGE f 0 -1 WITHSCORES');
    same('GEOSEARCHSTORE f Sicily FROMLONLAT 15 37 BYBOX 400 400 km STOREDIST');
    near(1e-9, 'ZRANGE f 0 -1 WITHSCORES');
    same('SET old v EX 1000');
    same('GEOSEARCHSTORE old far FROMLONLAT 0 0 BYRADIUS 6000 km');
    same('TTL old');
    same('ZRANGE old 0 -1 WITHSCORES');
    same('OBJECT ENCODING old');
    same('GEOSEARCHSTORE far2 far FROMLONLAT 0 0 BYRADIUS 20000 km');
    same('OBJECT ENCODING far2');
    same('ZRANGE far2 0 -1');
    same('GEOSEARCHSTORE distances far FROMLONLAT 7 50 BYRADIUS 20000 km STOREDIST');
    near(1e-9, 'ZRANGE distances 0 -1 WITHSCORES');
    same('GEOSEARCHSTORE far far FROMLONLAT 0 0 BYRADIUS 3000 km');
    same('ZRANGE far 0 -1 WITHSCORES');
    same('GEOSEARCHSTORE old Sicily FROMLONLAT 100 37 BYRADIUS 1 km');
    same('EXISTS old');
    same('SET old v');
    same('GEOSEARCHSTORE old none FROMLONLAT 100 37 BYRADIUS 1 km');
    same('EXISTS old');
    same('GEOSEARCHSTORE old none FROMLONLAT 100 37 BYRADIUS 1 km');
    same('DBSIZE');
  });
});
