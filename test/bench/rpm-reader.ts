/** The process that test/bench/rpm.ts measures: reads the rpm database of a root and counts its files. */
import { openFolder } from '../../src/guest/folder/open-folder.js';
import { inspectRpm } from '../../src/inspect/packages/rpm/inspect.js';

const database = await inspectRpm((await openFolder(process.argv[2]!)).fs);
let files = 0;
for (const item of database.packages) files += item.files.length;
process.stdout.write(`${database.packages.length} packages, ${files} files\n`);
