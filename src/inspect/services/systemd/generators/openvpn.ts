import { baseName } from '../../../../model/path.js';
import { expandGlob } from '../../../../syntax/glob.js';
import { shellAssignments } from '../../../../syntax/shell.js';
import { readText } from '../../context.js';
import { type Generated, NOTHING_GENERATED } from '../generated.js';
import { escapeUnitPart } from '../unit-name.js';
import type { Generator } from './generator.js';

/** Debian's OpenVPN: AUTOSTART in /etc/default/openvpn chooses among /etc/openvpn/*.conf; all of them when it is silent. */
export const openvpn: Generator = {
  program: 'openvpn-generator',
  async generate({ context }) {
    const settings = shellAssignments((await readText(context, '/etc/default/openvpn')) ?? '');
    const wanted = settings.findLast(({ name }) => name === 'AUTOSTART')?.value.trim() || 'all';
    const files = new Map(
      expandGlob(context.fs, '/etc/openvpn/*.conf').map((path) => [baseName(path).slice(0, -'.conf'.length), path]),
    );
    const names = wanted === 'none' ? [] : wanted === 'all' ? [...files.keys()] : wanted.split(/\s+/);
    const links: Generated['links'][number][] = [];
    for (const name of names.slice(0, 500)) {
      const path = files.get(name);
      if (path === undefined) continue;
      const unit = `openvpn@${escapeUnitPart(name)}.service`;
      links.push({ rank: 'normal', folder: 'openvpn.service.wants', name: unit, path });
    }
    return { ...NOTHING_GENERATED, links };
  },
};
