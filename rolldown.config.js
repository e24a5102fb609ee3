// Joins what tsc has compiled into one file for all that a program loads: some 300 modules are found,
// read and linked one by one otherwise, which takes longer than everything else at the start.

import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

export default {
  input: { main: 'dist/src/main.js', index: 'dist/src/index.js' },
  platform: 'node',
  external: Object.keys(dependencies),
  output: {
    dir: 'dist',
    format: 'esm',
    chunkFileNames: "[name].js",
    comments: false,
    // Names stay, for stack traces and profiles.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
};
