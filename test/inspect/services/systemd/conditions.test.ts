import test from 'ava';
import {
  codes,
  enabledNames,
  executable,
  inspect,
  inspectSystemd,
  link,
  type Nodes,
  wanted,
} from '../helpers/inspect.js';

const NODES: Nodes = {
  '/etc/app.conf': 'x',
  '/etc/empty.conf': '',
  '/etc/empty.d': { type: 'directory' },
  '/etc/link': link('app.conf'),
  '/usr/bin/tool': executable(),
  '/etc/fstab': '/dev/sdb1 /data ext4 defaults 0 2\n/dev/sdc1 /later ext4 noauto 0 2\n',
  '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
  '/etc/default/grub': 'GRUB_CMDLINE_LINUX_DEFAULT="quiet debug=1"\n',
};

const runs = test.macro({
  async exec(t, condition: string, expected: boolean) {
    const found = await inspectSystemd(
      { ...NODES, ...wanted('app.service', 'ExecStart=/usr/bin/app', condition) },
      { hardware: { hypervisor: 'kvm', cpus: 4 } },
    );
    t.deepEqual(enabledNames(found), expected ? ['app.service'] : []);
    t.deepEqual(codes(found), []);
  },
  title: (_, condition: string, expected: boolean) =>
    `${condition.replaceAll('\n', ' and ')}: the service ${expected ? 'runs' : 'does not run'}`,
});

test(runs, 'ConditionPathExists=/etc/app.conf', true);
test(runs, 'ConditionPathExists=/etc/gone.conf', false);
test(runs, 'ConditionPathExists=!/etc/gone.conf', true);
test(runs, 'AssertPathExists=/etc/gone.conf', false);
test(runs, 'ConditionPathExistsGlob=/etc/*.conf', true);
test(runs, 'ConditionPathIsDirectory=/etc/app.conf', false);
test(runs, 'ConditionPathIsSymbolicLink=/etc/link', true);
test(runs, 'ConditionPathIsMountPoint=/data', true);
test(runs, 'ConditionPathIsMountPoint=/later', false);
test(runs, 'ConditionDirectoryNotEmpty=/etc/empty.d', false);
test(runs, 'ConditionFileNotEmpty=/etc/empty.conf', false);
test(runs, 'ConditionFileIsExecutable=/usr/bin/tool', true);
test(runs, 'ConditionFileIsExecutable=/etc/app.conf', false);
test(runs, 'ConditionArchitecture=x86-64', true);
test(runs, 'ConditionArchitecture=!x86-64', false);
test(runs, 'ConditionVirtualization=yes', true);
test(runs, 'ConditionVirtualization=no', false);
test(runs, 'ConditionVirtualization=container', false);
test(runs, 'ConditionVirtualization=!container', true);
test(runs, 'ConditionVirtualization=kvm', true);
test(runs, 'ConditionVirtualization=vmware', false);
test(runs, 'ConditionKernelCommandLine=debug', true);
test(runs, 'ConditionKernelCommandLine=debug=2', false);
test(runs, 'ConditionKernelCommandLine=!nothing', true);
test(runs, 'ConditionFirstBoot=yes', false);
test(runs, 'ConditionHost=b*', true);
test(runs, 'ConditionHost=other', false);
test(runs, 'ConditionOSRelease=ID=debian', true);
test(runs, 'ConditionUser=root', true);
test(runs, 'ConditionCPUs=>=8', false);
test(runs, 'ConditionACPower=true', true);
test(runs, 'ConditionPathExists=|/etc/gone.conf\nConditionPathExists=|/etc/app.conf', true);
test(runs, 'ConditionPathExists=|/etc/gone.conf\nConditionPathExists=|/etc/gone2.conf', false);
test(runs, 'ConditionPathExists=/etc/app.conf\nConditionPathExists=|/etc/gone.conf', false);
test(runs, 'ConditionPathExists=/etc/gone.conf\nConditionPathExists=\nConditionPathExists=/etc/app.conf', true);
test(runs, 'ConditionPathExists=%E/app.conf', true);

test('a condition on the running kernel is taken as met and named as undecided', async (t) => {
  const found = await inspectSystemd(
    wanted('app.service', 'ExecStart=/usr/bin/app', 'ConditionPathExists=/sys/class/x'),
  );
  t.deepEqual(enabledNames(found), ['app.service']);
  t.deepEqual(
    found.problems.map(({ code, reason }) => [code, reason]),
    [['condition-undecided', 'taken as met: ConditionPathExists=/sys/class/x (app.service:2)']],
  );
});

test('the virtualization of an unknown hypervisor is undecided', async (t) => {
  t.deepEqual(
    codes(await inspectSystemd(wanted('app.service', 'ExecStart=/usr/bin/app', 'ConditionVirtualization=kvm'))),
    ['condition-undecided'],
  );
});

test('a unit whose condition fails still starts what it wants', async (t) => {
  const found = await inspectSystemd({
    ...wanted('app.service', 'ExecStart=/usr/bin/app', 'ConditionPathExists=/gone\nWants=helper.service'),
    '/lib/systemd/system/helper.service': '[Service]\nExecStart=/usr/bin/app',
  });
  t.deepEqual(enabledNames(found), ['helper.service']);
});

test("an undecided condition of the system's own unit is no problem of the machine", async (t) => {
  const found = await inspectSystemd(
    wanted('systemd-sysctl.service', 'ExecStart=/usr/bin/app', 'ConditionPathIsReadWrite=/proc/sys/net/'),
  );
  t.deepEqual(enabledNames(found), ['systemd-sysctl.service']);
  t.deepEqual(codes(found), []);
});

test('a default target that is no unit is a problem where systemd is installed', async (t) => {
  t.deepEqual(codes(await inspect({ '/lib/systemd/systemd': executable() })), ['boot-target-missing']);
});
