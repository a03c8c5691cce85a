import test from 'ava';
import { AppError } from '../../src/errors.js';
import { openNative } from '../../src/guest/native/open-native.js';
import { silentProgress } from '../../src/model/progress.js';
import { layoutDisk } from './layout-disks.js';
import { LAYOUTS } from './layouts.js';
import { sourceOf } from './libguestfs/contract-disk.js';

const isRoot = process.geteuid?.() === 0;
const able = isRoot ? test.serial : test.serial.skip;
const note = isRoot ? '' : ' (left out: making subvolumes needs root)';

for (const { title, disks, root, shows, fails, nativeDeclines } of LAYOUTS) {
  able(`native: ${title}${note}`, async (t) => {
    const device = (text: string): string => text.replaceAll(/DISK(\d)/g, '/dev/sda$1');
    const opening = openNative(sourceOf(...disks.map(layoutDisk)), {
      keys: [],
      progress: silentProgress,
      ...(root === undefined ? {} : { root: device(root) }),
    });
    if (fails !== undefined || nativeDeclines === true) {
      const error = await t.throwsAsync(opening, { instanceOf: AppError });
      const code = nativeDeclines === true ? 'native-declined' : fails!.code;
      t.is(error?.code, code, error?.message);
      if (nativeDeclines !== true) {
        const says = new RegExp(device(fails!.says.source), fails!.says.flags);
        t.regex(`${error?.message} ${error?.todo}`, says);
      }
      return;
    }
    const guest = await opening;
    try {
      for (const [path, content] of Object.entries(shows!)) t.is(String(await guest.fs.readFile(path)), content, path);
    } finally {
      await guest.close();
    }
  });
}
