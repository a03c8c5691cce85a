import type { GuestFs } from '../../../../model/guest-fs.js';
import { baseName } from '../../../../model/path.js';
import { readText } from '../../context.js';
import { type Generated, NOTHING_GENERATED } from '../generated.js';
import { parseUnitFile, type Setting } from '../unit-file.js';
import { parseUnitName } from '../unit-name.js';
import { lastValue, listSettings } from '../values.js';
import type { Generator } from './generator.js';

const FOLDERS = ['/etc/containers/systemd', '/usr/share/containers/systemd'];
const MAX_FILES = 2000;

/** Podman's Quadlet (podman-systemd.unit(5)): `x.container` becomes `x.service`, `x.pod` becomes `x-pod.service`. */
export const quadlet: Generator = {
  program: 'podman-system-generator',
  async generate({ context }) {
    const units: Generated['units'][number][] = [];
    const links: Generated['links'][number][] = [];
    for (const path of quadletFiles(context.fs)) {
      const file = baseName(path);
      const dot = file.lastIndexOf('.');
      const type = file.slice(dot + 1);
      const { settings } = parseUnitFile((await readText(context, path)) ?? '', path);
      const name = `${lastValue(settings, 'Service', 'ServiceName') ?? file.slice(0, dot)}${type === 'pod' ? '-pod' : ''}.service`;
      if (parseUnitName(name) === null || units.some((unit) => unit.name === name)) continue;
      const own = settings.filter(
        ({ section }) => section === 'Unit' || section === 'Service' || section === 'Install',
      );
      const command = runCommand(type, name, settings);
      if (command === null) {
        context.report('quadlet-incomplete', path, 'names neither an image nor a file to play');
        continue;
      }
      const first = settings.find(({ section }) => section !== 'Unit');
      const start: Setting = { section: 'Service', name: 'ExecStart', value: command, path, line: first?.line ?? 1 };
      units.push({ rank: 'normal', name, path, settings: [...own, start] });
      for (const [setting, kind] of [
        ['WantedBy', 'wants'],
        ['RequiredBy', 'requires'],
        ['UpheldBy', 'upholds'],
      ] as const) {
        for (const { value } of listSettings(settings, 'Install', setting)) {
          for (const target of value.split(/\s+/))
            links.push({ rank: 'normal', folder: `${target}.${kind}`, name, path });
        }
      }
    }
    return { ...NOTHING_GENERATED, units, links };
  },
};

function quadletFiles(fs: GuestFs): string[] {
  const found: string[] = [];
  const visit = (folder: string, depth: number): void => {
    for (const name of fs.list(folder)) {
      const path = `${folder}/${name}`;
      if (/\.(?:container|kube|pod)$/.test(name)) found.push(path);
      else if (depth < 4 && !name.endsWith('.d') && fs.lstat(path)?.type === 'directory') visit(path, depth + 1);
      if (found.length >= MAX_FILES) return;
    }
  };
  for (const folder of FOLDERS) visit(folder, 0);
  return found;
}

/** The podman command in short: the image and its own arguments, with ports and volumes. */
function runCommand(type: string, name: string, settings: readonly Setting[]): string | null {
  const podman = '/usr/bin/podman';
  if (type === 'pod') return `${podman} pod start ${name.replace(/-pod\.service$/, '')}`;
  if (type === 'kube') {
    const file = lastValue(settings, 'Kube', 'Yaml');
    return file === null ? null : `${podman} kube play ${file}`;
  }
  const image = lastValue(settings, 'Container', 'Image') ?? lastValue(settings, 'Container', 'Rootfs');
  if (image === null) return null;
  const flags = (
    [
      ['PublishPort', '--publish'],
      ['Volume', '--volume'],
      ['Network', '--network'],
    ] as const
  ).flatMap(([setting, flag]) => listSettings(settings, 'Container', setting).map(({ value }) => `${flag} ${value}`));
  return [podman, 'run', '--rm', ...flags, image, lastValue(settings, 'Container', 'Exec') ?? ''].join(' ').trim();
}
