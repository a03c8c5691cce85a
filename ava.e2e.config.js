// The long tests: the reader that needs no appliance, and conversions with real engines. npx ava --config ava.e2e.config.js
export default {
  files: ['test/e2e/native-*.ts', 'test/e2e/convert-*.ts', 'test/e2e/*-flow.ts', '!test/e2e/family-flow.ts'],
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  timeout: '90m',
  workerThreads: false,
  concurrency: 1,
};
