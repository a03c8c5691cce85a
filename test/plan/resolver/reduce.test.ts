import test from 'ava';
import fc from 'fast-check';
import { reducePackages } from '../../../src/plan/resolver/reduce.js';
import { DEBIAN_12, type PackageSketch, packageOf } from '../machine.js';

function reduce(sketches: readonly PackageSketch[]) {
  const result = reducePackages(sketches.map(packageOf), { manager: 'dpkg', architecture: 'amd64', os: DEBIAN_12 });
  const names = (items: readonly { name: string }[]): string[] => items.map(({ name }) => name).sort();
  return { base: names(result.base), full: names(result.full), named: names(result.named), remove: result.remove };
}

interface Case {
  readonly packages: readonly PackageSketch[];
  readonly named: readonly string[];
}

const names = test.macro({
  exec(t, { packages, named }: Case) {
    t.deepEqual(reduce(packages).named, [...named]);
  },
  title: (behaviour = '') => behaviour,
});

test('a dependency that only one package can satisfy is not named', names, {
  packages: [{ name: 'nginx', depends: 'nginx-common (>= 1.0)' }, { name: 'nginx-common' }],
  named: ['nginx'],
});
test('of a dependency cycle that nothing else needs, one member is named: what somebody asked for', names, {
  packages: [
    { name: 'liba', depends: 'b', auto: true, section: 'libs' },
    { name: 'b', depends: 'liba', auto: false },
  ],
  named: ['b'],
});
test('a cycle that something else needs is not named', names, {
  packages: [
    { name: 'top', depends: 'a' },
    { name: 'a', depends: 'b' },
    { name: 'b', depends: 'a' },
  ],
  named: ['top'],
});
test('an installed alternative that is not the first is named', names, {
  packages: [{ name: 'mutt', depends: 'exim4 | postfix' }, { name: 'postfix' }],
  named: ['mutt', 'postfix'],
});
test('the first alternative is not named when no other is installed', names, {
  packages: [{ name: 'mutt', depends: 'exim4 | postfix' }, { name: 'exim4' }],
  named: ['mutt'],
});
test('with two alternatives installed both are named, because either would satisfy the resolver', names, {
  packages: [{ name: 'mutt', depends: 'exim4 | postfix' }, { name: 'exim4' }, { name: 'postfix' }],
  named: ['exim4', 'mutt', 'postfix'],
});
test('the provider of a virtual package is named', names, {
  packages: [
    { name: 'mutt', depends: 'default-mta | mail-transport-agent' },
    { name: 'postfix', provides: 'mail-transport-agent' },
  ],
  named: ['mutt', 'postfix'],
});
test('the single provider of a default- package is not named', names, {
  packages: [
    { name: 'mutt', depends: 'default-mta | mail-transport-agent' },
    { name: 'exim4-daemon-light', provides: 'default-mta, mail-transport-agent' },
  ],
  named: ['mutt'],
});
test('an unversioned Provides does not satisfy a versioned dependency', names, {
  packages: [{ name: 'app', depends: 'api (>= 2) | engine' }, { name: 'engine' }, { name: 'other', provides: 'api' }],
  named: ['app', 'engine', 'other'],
});
test('one of several providers is named when apt would have to choose', names, {
  packages: [
    { name: 'php-mysql', depends: 'phpapi-1' },
    { name: 'meta', depends: 'php-cli' },
    { name: 'meta2', depends: 'php-fpm' },
    { name: 'php-cli', provides: 'phpapi-1' },
    { name: 'php-fpm', provides: 'phpapi-1' },
  ],
  named: ['meta', 'meta2', 'php-cli', 'php-mysql'],
});
test('what only a kernel package needs is named, the kernel is not', names, {
  packages: [
    { name: 'linux-image-6.1', kernel: true, depends: 'initramfs-tools' },
    { name: 'initramfs-tools', depends: 'cpio' },
    { name: 'cpio' },
  ],
  named: ['initramfs-tools'],
});
test('a foreign package satisfies a dependency of its own architecture alone', names, {
  packages: [
    { name: 'wine32', architecture: 'i386', depends: 'libc6' },
    { name: 'libc6', architecture: 'i386', multiArch: 'same' },
    { name: 'libc6', architecture: 'amd64', multiArch: 'same' },
  ],
  named: ['libc6', 'wine32'],
});
test('a Multi-Arch: foreign package of another architecture is named', names, {
  packages: [
    { name: 'wine32', architecture: 'i386', depends: 'fontconfig' },
    { name: 'fontconfig', architecture: 'amd64', multiArch: 'foreign' },
  ],
  named: ['fontconfig', 'wine32'],
});
test('the qualifier :any is satisfied by a Multi-Arch: allowed package', names, {
  packages: [
    { name: 'app', architecture: 'all', depends: 'python3:any' },
    { name: 'python3', multiArch: 'allowed' },
  ],
  named: ['app'],
});

test('essential packages, apt and what they need are the base and never named', (t) => {
  const { base, full, named } = reduce([
    { name: 'bash', essential: true, depends: 'base-files' },
    { name: 'base-files' },
    { name: 'apt', depends: 'libapt' },
    { name: 'libapt' },
    { name: 'curl', depends: 'libapt, base-files' },
  ]);
  t.deepEqual(base, ['apt', 'base-files', 'bash', 'libapt']);
  t.deepEqual(full, ['curl']);
  t.deepEqual(named, ['curl']);
});

test('gawk beside mawk is no part of the base', (t) => {
  const { base } = reduce([
    { name: 'base-files', essential: true, depends: 'awk' },
    { name: 'mawk', priority: 'required', provides: 'awk' },
    { name: 'gawk', provides: 'awk' },
  ]);
  t.deepEqual(base, ['base-files', 'mawk']);
});

test('a dependency that nothing on the machine satisfies is removed again after the installation', (t) => {
  t.deepEqual(reduce([{ name: 'app', depends: 'gone | also-gone' }]).remove, ['gone']);
});

test('a chain of fifty thousand dependencies needs one name', (t) => {
  const packages = Array.from({ length: 50_000 }, (_, index) => ({ name: `p${index}`, depends: `p${index + 1}` }));
  t.deepEqual(reduce([...packages, { name: 'p50000' }]).named, ['p0']);
});

test('property: from what is named, certain dependencies reach every package', (t) => {
  const machine = fc.array(fc.array(fc.nat(14), { maxLength: 4 }), { minLength: 1, maxLength: 15 });
  const check = () =>
    fc.assert(
      fc.property(machine, (edges) => {
        const sketches = edges.map((targets, index) => ({
          name: `p${index}`,
          depends: targets
            .filter((target) => target < edges.length && target !== index)
            .map((target) => `p${target}`)
            .join(', '),
        }));
        const reached = new Set<string>();
        const pending = [...reduce(sketches).named];
        while (pending.length > 0) {
          const name = pending.pop()!;
          if (reached.has(name)) continue;
          reached.add(name);
          pending.push(...sketches[Number(name.slice(1))]!.depends.split(', ').filter((each) => each !== ''));
        }
        return reached.size === edges.length;
      }),
    );
  t.notThrows(check);
});
