import test from 'ava';
import { enabledNames, executable, inspectSystemd, type Nodes, wanted } from '../helpers/inspect.js';

/** systemd.service(5): an ExecCondition= that ends with 1…254 leaves the service out, without failing it. */
const starts = test.macro<[string, boolean, Nodes?]>({
  title: (_, condition, expected) => `ExecCondition=${condition} ${expected ? 'starts it' : 'leaves it out'}`,
  exec: async (t, condition, expected, nodes = {}) => {
    const found = await inspectSystemd({
      ...wanted('app.service', `ExecStart=/usr/bin/app\nExecCondition=${condition}`),
      ...nodes,
    });
    t.is(enabledNames(found).includes('app.service'), expected);
  },
});

const HELPER = '/usr/share/samba/is-configured';
const smb = (text: string): Nodes => ({ [HELPER]: executable(), '/etc/samba/smb.conf': text });
const CONTROLLER = '[global]\n Server Role = Active Directory Domain Controller\n';

test(starts, `${HELPER} samba`, false, smb('[global]\n server role = standalone server\n'));
test(starts, `${HELPER} smb`, true, smb('[share]\n server role = active directory domain controller\n'));
test(starts, `${HELPER} samba-ad-dc`, true, smb(CONTROLLER));
test(starts, `${HELPER} smbd`, false, smb(CONTROLLER));
test(starts, `${HELPER} nmb`, false, smb('[global]\ndisable netbios = Yes\n'));
test(starts, `${HELPER} nmb`, true, smb('[global]\n;disable netbios = yes\n'));
test(starts, '/usr/bin/test -f /etc/app.conf', false);
test(starts, '/usr/bin/test -f "/etc/app.conf"', true, { '/etc/app.conf': '' });
test(starts, '/bin/sh -c "test -e /etc/no || exit 1"', false);
test(starts, '!/usr/bin/[ -e /etc/no ]', false);
test(starts, '/usr/lib/app/is-wanted now', true, { '/usr/lib/app/is-wanted': executable() });
test(starts, '/bin/sh -c "/usr/lib/app/is-wanted"', true);
