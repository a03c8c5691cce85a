// The long tests of the reader that needs no appliance: npx ava --config ava.e2e.config.js
export default {
  files: ['test/e2e/native-*.ts'],
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  timeout: '90m',
  workerThreads: false,
  concurrency: 1,
};
