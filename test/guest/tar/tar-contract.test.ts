import test from 'ava';
import { testAsRoot } from '../as-root.js';
import { tarContract } from './contract-archive.js';

const root = testAsRoot(test);
if (root !== null) tarContract(root, 'tar (pax)', 'pax.tar', ['--format=posix']);
