import { NO_FINDINGS, type ServiceContext, type ServiceReader } from '../context.js';
import { mergeGenerated, NOTHING_GENERATED } from './generated.js';
import { runGenerators } from './generators/index.js';
import { bootTarget, readDefaultEnvironment, readMachine, readMountPoints } from './machine.js';
import { readManager } from './manager.js';
import { applyPresets, isFirstBoot } from './presets.js';
import { indexUnits, systemFolders } from './unit-index.js';
import { UnitStore } from './unit-store.js';
import { readUserManagers } from './user-managers.js';

export const systemd: ServiceReader = {
  name: 'systemd',
  paths: [
    '/etc',
    '/lib/systemd',
    '/usr/lib/systemd',
    '/usr/local/lib/systemd',
    '/var/lib/systemd/linger',
    '/boot/grub/grub.cfg',
    '/boot/grub2/grub.cfg',
    '/boot/loader/entries',
  ],
  async read(context: ServiceContext) {
    if (context.init !== 'systemd') return NO_FINDINGS;
    const folders = systemFolders(context.fs);
    const machine = await readMachine(context);
    const plain = new UnitStore(context, indexUnits(context, folders, NOTHING_GENERATED));
    const generated = await runGenerators({ context, machine, native: plain });
    let store = new UnitStore(context, indexUnits(context, folders, generated));
    const firstBoot = await isFirstBoot(context);
    if (firstBoot) {
      const presets = await applyPresets(context, plain);
      store = new UnitStore(context, indexUnits(context, folders, mergeGenerated([presets, generated])));
    }
    const facts = { context, machine, firstBoot, mountPoints: await readMountPoints(context) };
    const reading = { context, machine, defaultEnvironment: await readDefaultEnvironment(context) };
    const target = bootTarget(context.kernelArguments, (name) => store.has(name));
    // A tree without any unit of systemd has no systemd that could miss its target.
    if (!store.has(target) && hasSystemd(context)) {
      context.report(
        'boot-target-missing',
        '/etc/systemd/system/default.target',
        `a boot aims at ${target}, which is no unit`,
      );
    }
    const system = await readManager({ reading, store, target, facts });
    const users = await readUserManagers(reading, facts);
    return {
      services: [...system.services, ...users.services],
      jobs: [...system.jobs, ...users.jobs],
      fit: [...system.fit, ...users.fit],
    };
  },
};

function hasSystemd({ fs }: ServiceContext): boolean {
  return ['/usr/lib/systemd', '/lib/systemd'].some(
    (folder) => fs.stat(`${folder}/systemd`)?.type === 'file' || fs.list(`${folder}/system`).length > 0,
  );
}
