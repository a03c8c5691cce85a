import test from 'ava';
import { withCrypttabNames } from '../../src/guest/crypttab.js';
import { findVolume, type Volume } from '../../src/guest/volumes.js';

const VOLUMES: readonly Volume[] = [
  { device: '/dev/sda5', type: 'crypto_LUKS', uuid: 'aaaa', size: 1, openedAs: '/dev/mapper/luks0' },
  { device: '/dev/sda6', type: 'crypto_LUKS', uuid: 'bbbb', size: 1, keyFailed: true },
  { device: '/dev/mapper/luks0', type: 'ext4', size: 1 },
];

const means = test.macro({
  exec(t, crypttab: string, name: string, device: string | undefined) {
    t.is(findVolume(name, withCrypttabNames(VOLUMES, crypttab))?.device, device);
  },
  title: (_, crypttab, name, device) => `with "${String(crypttab)}" ${String(name)} is ${String(device ?? 'nothing')}`,
});

test(means, 'sda5_crypt UUID=aaaa none luks', '/dev/mapper/sda5_crypt', '/dev/mapper/luks0');
test(means, 'home\t/dev/vda5\t/etc/key', '/dev/mapper/home', '/dev/mapper/luks0');
test(means, '# home UUID=aaaa', '/dev/mapper/home', undefined);
test(means, 'home UUID=bbbb none', '/dev/mapper/home', undefined);
test(means, 'home UUID=cccc none', '/dev/mapper/home', undefined);
test(means, 'home', '/dev/mapper/home', undefined);
