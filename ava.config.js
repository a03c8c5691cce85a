// test/e2e runs whole machines and test/bench measures: both have Makefile targets of their own.
export default {
  files: ['test/**/*.test.ts', '!test/e2e/**', '!test/bench/**'],
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  timeout: '5m',
  workerThreads: false,
  concurrency: 2,
};
