import test from 'ava';
import type { OperatingSystem } from '../../../src/model/os.js';
import { BASE_IMAGES } from '../../../src/plan/base/base-images.data.js';
import { chooseBase } from '../../../src/plan/base/choose-base.js';
import { DEBIAN_12, DEFAULT_OPTIONS } from '../machine.js';

function choose(
  os: Partial<OperatingSystem>,
  more: { mergedUsr?: boolean | null; isDpkg?: boolean; baseImage?: string } = {},
) {
  return chooseBase(
    {
      os: { ...DEBIAN_12, codename: null, architecture: 'x86_64', ...os },
      mergedUsr: more.mergedUsr ?? null,
      isDpkg: more.isDpkg ?? false,
      archives: [],
      ownTag: 'vm2docker/base',
    },
    { ...DEFAULT_OPTIONS, baseImage: more.baseImage ?? null },
  );
}

const reference = test.macro({
  exec(t, id: string, versionId: string | null, expected: string, architecture?: string) {
    const base = choose({ id, versionId, ...(architecture === undefined ? {} : { architecture }) });
    t.is(base.kind, 'public');
    t.is(base.reference, expected);
    t.false(base.checked);
  },
  title: (_, id, versionId, expected) => `${id} ${versionId ?? 'without VERSION_ID'} stands on ${expected}`,
});

test(reference, 'debian', '12', 'debian:bookworm', 'amd64');
test(reference, 'debian', '7', 'debian/eol:wheezy', 'i386');
test(reference, 'debian', null, 'debian:sid', 'amd64');
test(reference, 'ubuntu', '12.04', 'ubuntu:12.04', 'amd64');
test(reference, 'ubuntu', '14.10', 'ubuntu:14.10', 'amd64');
test(reference, 'ubuntu', '26.04', 'ubuntu:26.04', 'arm64');
test(reference, 'centos', '5', 'centos:5');
test(reference, 'centos', '6.10', 'centos:6');
test(reference, 'centos', '9', 'quay.io/centos/centos:stream9');
test(reference, 'rhel', '8.6', 'registry.access.redhat.com/ubi8/ubi');
test(reference, 'rhel', '10.0', 'registry.access.redhat.com/ubi10/ubi');
test(reference, 'rocky', '9.3', 'rockylinux/rockylinux:9');
test(reference, 'almalinux', '10.1', 'almalinux:10');
test(reference, 'ol', '7.9', 'oraclelinux:7');
test(reference, 'amzn', '2018.03', 'amazonlinux:1');
test(reference, 'amzn', '2023', 'amazonlinux:2023');
test(reference, 'fedora', '42', 'fedora:42');
test(reference, 'opensuse-leap', '15.6', 'opensuse/leap:15.6');
test(reference, 'opensuse-tumbleweed', '20261101', 'opensuse/tumbleweed');
test(reference, 'sles', '15.5', 'registry.suse.com/bci/bci-base:15.5');
test(reference, 'mageia', '4', 'mageia:4');
test(reference, 'alpine', '3.18.4', 'alpine:3.18');
test(reference, 'arch', null, 'archlinux:latest');
test(reference, 'scientific', '7.9', 'sl:7');
test(reference, 'mariner', '2.0', 'mcr.microsoft.com/cbl-mariner/base/core:2.0');
test(reference, 'azurelinux', '3.0', 'mcr.microsoft.com/azurelinux/base/core:3.0');
test(reference, 'photon', '4.0', 'photon:4.0');
test(reference, 'openeuler', '24.03', 'openeuler/openeuler:24.03');
test(reference, 'anolis', '8.8', 'openanolis/anolisos:8.8');
test(reference, 'anolis', '23', 'openanolis/anolisos:23');

const without = test.macro({
  exec(t, id: string, versionId: string | null, reason: RegExp) {
    const base = choose({ id, versionId });
    t.is(base.kind, 'scratch');
    t.regex(base.reason, reason);
  },
  title: (_, id, versionId) => `${id} ${versionId} has no public image, and the reason is told`,
});

test(without, 'mageia', '3', /from release 4/);
test(without, 'mandriva', '2011', /Mandriva is gone/);
test(without, 'rhel', '5', /no image of RHEL 5/);
test(without, 'haiku', '1', /no base image is known/);

test('a merged machine of Debian 11 is bootstrapped merged, since the public image is not', (t) => {
  const os = { id: 'debian', versionId: '11', codename: 'bullseye', architecture: 'amd64' };
  const base = choose(os, { mergedUsr: true, isDpkg: true });
  t.is(base.kind, 'bootstrap');
  t.is(base.bootstrap?.suite, 'bullseye');
  t.is(base.bootstrap?.layout, 'merged-usr');
  t.regex(base.reason, /merged/);
});

test('a machine of an archived release is bootstrapped from the archive of dead releases', (t) => {
  const os = { id: 'debian', versionId: '9', codename: 'stretch', architecture: 'amd64' };
  t.is(choose(os, { mergedUsr: true, isDpkg: true }).bootstrap?.archive, 'http://archive.debian.org/debian');
});

test('a release whose image does not exist for the architecture is bootstrapped', (t) => {
  const os = { id: 'debian', versionId: '12', codename: 'bookworm', architecture: 'mips64el' };
  t.is(choose(os, { mergedUsr: true, isDpkg: true }).kind, 'bootstrap');
});

const standsIn = test.macro({
  exec(t, id: string, versionId: string | null, idLike: string[], expected: string, standIn: string) {
    const base = choose({ id, versionId, idLike });
    t.deepEqual([base.reference, base.standIn], [expected, standIn]);
  },
  title: (_, id, versionId, __, expected) =>
    `${id} ${versionId ?? ''} is not known and stands on ${expected}, as it says`,
});
test(standsIn, 'springdale', '7.9', ['rhel', 'centos', 'fedora'], 'centos:7', 'centos 7');
test(standsIn, 'asianux', '6', ['rhel', 'fedora'], 'centos:6', 'centos 6');
test(standsIn, 'nobara', '41', ['fedora'], 'fedora:41', 'fedora 41');
test(standsIn, 'geckolinux', '15.5', ['suse', 'opensuse'], 'opensuse/leap:15.5', 'opensuse-leap 15');
test(standsIn, 'openmandriva', '9', ['mageia'], 'mageia:9', 'mageia 9');
test(standsIn, 'postmarketos', '3.19', ['alpine'], 'alpine:3.19', 'alpine 3');
test(standsIn, 'manjaro', null, ['arch'], 'archlinux:latest', 'arch *');

test('an unknown rebuild of RHEL stands on a known one, and says so', (t) => {
  const base = choose({ id: 'eurolinux', idLike: ['rhel', 'centos', 'fedora'], versionId: '9.2' });
  t.is(base.reference, 'almalinux:9');
  t.is(base.standIn, 'almalinux 9');
});

test('a derivative of Debian is recognised by the codename it shares', (t) => {
  const base = choose({ id: 'mx', idLike: ['debian'], versionId: '23', codename: 'bookworm', architecture: 'amd64' });
  t.is(base.reference, 'debian:bookworm');
});

test('a guest cannot smuggle words into a bootstrap', (t) => {
  const os = { id: 'evil', versionId: '1', codename: 'x; rm -rf /', architecture: 'amd64' };
  t.is(choose(os, { isDpkg: true, baseImage: 'bootstrap' }).kind, 'scratch');
});

test('a guest cannot smuggle words into a reference', (t) => {
  t.is(choose({ id: 'ubuntu', versionId: '22.04', architecture: 'amd64' }).reference, 'ubuntu:22.04');
  t.is(choose({ id: 'fedora', versionId: '42.$(x)\nRUN y' }).reference, 'fedora:42');
});

test('every row has a reference or a reason', (t) => {
  for (const row of BASE_IMAGES)
    t.true(row.reference !== null || (row.reason ?? '') !== '', `${row.id} ${row.version}`);
});
