#!/usr/bin/env node
// Stacks name lines of the sources where somebody wants to see them; reading the maps takes longer than a small run.
if (process.argv.includes('--verbose') || process.argv.includes('-v')) process.setSourceMapsEnabled(true);
const { execute } = await import('../dist/bundle/index.js');
await execute({ dir: import.meta.url });
