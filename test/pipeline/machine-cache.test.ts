import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { silentProgress } from '../../src/model/progress.js';
import { size } from '../../src/pipeline/size.js';
import { DEFAULT_OPTIONS } from '../plan/machine.js';

const scratch = mkdtempSync(join(tmpdir(), 'machine-cache-'));
const archive = join(scratch, 'web.tar');
const cacheFolder = join(scratch, 'cache/vm2docker-image');
process.env.XDG_CACHE_HOME = join(scratch, 'cache');
test.after.always(() => rmSync(scratch, { recursive: true, force: true }));
test.beforeEach(() => {
  rmSync(cacheFolder, { recursive: true, force: true });
  writeRoot('one');
});

function writeRoot(hostname: string): void {
  const root = join(scratch, 'root');
  for (const folder of ['etc', 'usr/bin', 'var/lib']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n');
  writeFileSync(join(root, 'etc/hostname'), hostname);
  writeFileSync(join(root, 'data'), 'x'.repeat(10_000));
  execFileSync('tar', ['-C', root, '--mtime=@1700000000', '-cf', archive, '.']);
}

/** Sizes the machine; whether the disk was read for it. */
async function run(more: Readonly<Record<string, unknown>> = {}): Promise<{ report: string; wasRead: boolean }> {
  const steps: string[] = [];
  const { report } = await size(
    {
      machines: [archive],
      allowDirs: [],
      root: null,
      keys: [],
      reader: 'native',
      quick: false,
      hash: false,
      keep: new Set(),
      include: [],
      exclude: [],
      cache: true,
      showSecrets: false,
      plan: { ...DEFAULT_OPTIONS, baseImage: 'scratch', packages: 'disk' },
      options: {},
      ...more,
    },
    { progress: { ...silentProgress, step: (_, title) => steps.push(title) }, signal: new AbortController().signal },
  );
  const wasRead = steps.includes('reading configuration and databases');
  return { report: JSON.stringify({ ...report, run: null }), wasRead };
}

test.serial('an unchanged disk is read once, and what is known of it is the same to the byte', async (t) => {
  const first = await run();
  const second = await run();
  t.deepEqual([first.wasRead, second.wasRead], [true, false]);
  t.is(second.report, first.report);
});

test.serial('a quick look is kept as well', async (t) => {
  const first = await run({ quick: true });
  const second = await run({ quick: true });
  t.deepEqual([first.wasRead, second.wasRead], [true, false]);
  t.is(second.report, first.report);
});

test.serial('a disk that was written to is read again', async (t) => {
  await run();
  writeRoot('other');
  t.true((await run()).wasRead);
});

test.serial('a disk of the same size and time but other content is read again', async (t) => {
  await run({ check: true });
  const { atime, mtime } = statSync(archive);
  writeRoot('two');
  utimesSync(archive, atime, mtime);
  t.true((await run({ check: true })).wasRead);
});

test.serial('options that change what is read have entries of their own', async (t) => {
  await run();
  t.true((await run({ exclude: ['/data'] })).wasRead);
  t.false((await run({ jobs: 3, plan: DEFAULT_OPTIONS })).wasRead);
});

test.serial('without leave nothing is kept and nothing is used', async (t) => {
  await run({ cache: false });
  t.throws(() => readdirSync(cacheFolder));
  await run();
  t.true((await run({ cache: false })).wasRead);
});

test.serial('of encrypted machines nothing is kept', async (t) => {
  await run({ keys: [{ device: 'all', secret: Buffer.from('x') }] });
  t.throws(() => readdirSync(cacheFolder));
});

test.serial('damaged entries are read around and replaced', async (t) => {
  const { report } = await run();
  const [entry] = readdirSync(cacheFolder);
  writeFileSync(join(cacheFolder, entry!), 'damaged');
  const again = await run();
  t.true(again.wasRead);
  t.is(again.report, report);
  t.false((await run()).wasRead);
});

test.serial('entries are the user’s alone, and a folder that others may look into is not used', async (t) => {
  await run();
  const [entry] = readdirSync(cacheFolder);
  t.is(statSync(cacheFolder).mode & 0o777, 0o700);
  t.is(statSync(join(cacheFolder, entry!)).mode & 0o777, 0o600);
  chmodSync(cacheFolder, 0o755);
  t.true((await run()).wasRead);
});

test.serial('a folder is known by what the host tells of every file in it', async (t) => {
  const folder = { machines: [join(scratch, 'root')] };
  const first = await run(folder);
  const second = await run(folder);
  t.deepEqual([first.wasRead, second.wasRead], [true, false]);
  t.is(second.report, first.report);
  const data = join(scratch, 'root/data');
  const { atime, mtime } = statSync(data);
  writeFileSync(data, 'y'.repeat(10_000));
  utimesSync(data, atime, mtime);
  t.true((await run(folder)).wasRead);
  // To know its content is to read it.
  t.true((await run({ ...folder, check: true })).wasRead);
});

test.serial('an OVA is known by its own file, wherever its disks were unpacked to', async (t) => {
  const ova = { machines: [writeOva()] };
  const first = await run(ova);
  const second = await run(ova);
  t.deepEqual([first.wasRead, second.wasRead], [true, false]);
  t.is(second.report, first.report);
  writeRoot('other');
  writeOva();
  t.true((await run(ova)).wasRead);
});

function writeOva(): string {
  const file = (name: string): string => join(scratch, name);
  rmSync(file('box.raw'), { force: true });
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', file('root'), file('box.raw'), '16M']);
  const convert = ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized'];
  execFileSync('qemu-img', [...convert, file('box.raw'), file('box.vmdk')]);
  const ovf = `<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References><File ovf:href="box.vmdk" ovf:id="file1"/></References>
  <DiskSection><Disk ovf:capacity="16" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="disk1" ovf:fileRef="file1"/></DiskSection>
  <VirtualSystem ovf:id="box"><VirtualHardwareSection>
    <Item><rasd:Address>0</rasd:Address><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item>
    <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/disk1</rasd:HostResource><rasd:InstanceID>2</rasd:InstanceID><rasd:Parent>1</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
  </VirtualHardwareSection></VirtualSystem>
</Envelope>`;
  writeFileSync(file('box.ovf'), ovf);
  execFileSync('tar', ['-C', scratch, '--format=ustar', '-cf', file('box.ova'), 'box.ovf', 'box.vmdk']);
  return file('box.ova');
}
