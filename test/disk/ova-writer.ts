import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { MIB, qemuImg, SAMPLE_BYTES, writeSampleDisk } from './sample.js';

/** An envelope as VMware's exporter writes it, with the two disks in the other order in its disk section. */
export function ovfText(options: { gzip?: boolean } = {}): string {
  const compression = options.gzip === true ? ' ovf:compression="gzip"' : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References>
    <File ovf:href="data.vmdk" ovf:id="file2"${compression}/>
    <File ovf:href="root.vmdk" ovf:id="file1"${compression}/>
    <File ovf:href="box.nvram" ovf:id="file3"/>
  </References>
  <DiskSection>
    <Info>Disks</Info>
    <Disk ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk2" ovf:fileRef="file2"/>
    <Disk ovf:capacity="${SAMPLE_BYTES / MIB}" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk1" ovf:fileRef="file1"/>
  </DiskSection>
  <VirtualSystem ovf:id="box">
    <VirtualHardwareSection>
      <System><vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>
      <Item><rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>2048</rasd:VirtualQuantity></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/vmdisk2</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>5</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:InstanceID>6</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}

/** Writes box.ova with a manifest; `breakManifest` changes the digest of the root disk. */
export async function writeOva(
  folder: string,
  options: { gzip?: boolean; breakManifest?: boolean } = {},
): Promise<string> {
  const files = await writeOvfFiles(folder, options);
  const archive = pack();
  for (const [name, content] of files) archive.entry({ name, mtime: new Date(0) }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  const path = join(folder, 'box.ova');
  await writeFile(path, Buffer.concat(chunks));
  return path;
}

/** The files of the export: descriptor first, then manifest, disks and what else lies beside them. */
export async function writeOvfFiles(
  folder: string,
  options: { gzip?: boolean; breakManifest?: boolean },
): Promise<Map<string, Buffer>> {
  const disks = new Map<string, Buffer>();
  for (const [name, bytes] of [
    ['data', 8 * MIB],
    ['root', SAMPLE_BYTES],
  ] as const) {
    const raw = join(folder, `${name}.raw`);
    const vmdk = join(folder, `${name}-export.vmdk`);
    await writeSampleDisk(raw, bytes);
    await qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, vmdk);
    const content = await readFile(vmdk);
    disks.set(`${name}.vmdk`, options.gzip === true ? gzipSync(content, { level: 1 }) : content);
    await rm(vmdk);
  }
  const descriptor = Buffer.from(ovfText(options));
  const digest = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
  const root = options.breakManifest === true ? '0'.repeat(64) : digest(disks.get('root.vmdk')!);
  const manifest = `SHA256(box.ovf)= ${digest(descriptor)}\nSHA256(root.vmdk)= ${root}\nSHA256(data.vmdk)= ${digest(disks.get('data.vmdk')!)}\n`;
  return new Map([
    ['box.ovf', descriptor],
    ['box.mf', Buffer.from(manifest)],
    ['data.vmdk', disks.get('data.vmdk')!],
    ['root.vmdk', disks.get('root.vmdk')!],
    ['box.nvram', Buffer.alloc(100)],
  ]);
}
