#!/usr/bin/env -S node --import=tsx
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { execute, settings } from '@oclif/core';

// The sources as they are: oclif's own mapping from compiled commands to sources fails with tsx on Node 20.
settings.enableAutoTranspile = false;
const pjson = createRequire(import.meta.url)('../package.json');
pjson.oclif.commands.target = './src/commands/index.ts';
await execute({ development: true, loadOptions: { root: fileURLToPath(new URL('..', import.meta.url)), pjson } });
