import test from 'ava';
import { testAsRoot } from '../as-root.js';
import { tarContract } from './contract-archive.js';

const root = testAsRoot(test);
const options = ['--format=posix', '--sparse-version=0.1', '-z'];
if (root !== null) tarContract(root, 'tar (gzip, sparse 0.1)', 'packed.tar.gz', options);
