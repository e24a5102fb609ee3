/** MODULE: there are none, and none can be loaded. */

import { family } from '../../src/dispatch/command.ts';
import { errors } from '../../src/resp/errors.ts';

const { command, container } = family('server');

const NOT_SUPPORTED = 'Modules of Redis are machine code for Redis: none can be loaded.';

export const module = container({
  name: 'MODULE',
  summary: 'A container for module commands.',
  since: '4.0.0',
  helpSince: '5.0.0',
  help: [
    'LIST',
    '    Return a list of loaded modules.',
    'LOAD <path> [<arg> ...]',
    '    Load a module library from <path>, passing to it any optional arguments.',
    'LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]',
    '    Load a module library from <path>, while passing it module configurations and optional arguments.',
    'UNLOAD <name>',
    '    Unload a module.',
  ],
});

export const moduleList = command({
  syntax: 'MODULE LIST',
  summary: 'Tells the modules that are loaded: none.',
  since: '4.0.0',
  complexity: 'O(N) where N is the number of loaded modules.',
  flags: ['admin', 'noscript'],
  tips: ['nondeterministic_output_order'],
  run({ reply }) {
    reply.array(0);
  },
});

export const moduleLoad = command({
  syntax: 'MODULE LOAD path [arg [arg ...]]',
  summary: 'Loads a module; refused.',
  since: '4.0.0',
  complexity: 'O(1)',
  flags: ['no_async_loading', 'admin', 'noscript', 'protected'],
  differs: NOT_SUPPORTED,
  run() {
    throw errors.moduleNotLoaded;
  },
});

export const moduleLoadex = command({
  syntax: 'MODULE LOADEX path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]',
  summary: 'Loads a module with its configuration; refused.',
  since: '7.0.0',
  complexity: 'O(1)',
  arguments: { CONFIG: { name: 'configs' } },
  flags: ['no_async_loading', 'admin', 'noscript', 'protected'],
  differs: NOT_SUPPORTED,
  run() {
    throw errors.moduleNotLoaded;
  },
});

export const moduleUnload = command({
  syntax: 'MODULE UNLOAD name',
  summary: 'Unloads a module; there is none.',
  since: '4.0.0',
  complexity: 'O(1)',
  flags: ['no_async_loading', 'admin', 'noscript', 'protected'],
  run() {
    throw errors.moduleNotUnloaded;
  },
});
