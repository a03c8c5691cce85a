import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { listeningCalls } from '../../../src/inspect/ports/formats/listening-calls.js';
import { endsSoon } from '../../patience.js';
import { portsOf, service } from './service.js';

interface Started {
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const reads = test.macro<['py' | 'js', string, readonly string[], Started?]>({
  title: (_, ending, code) => `${ending}: ${code.replaceAll('\n', '; ').slice(0, 100)}`,
  exec: async (t, ending, code, expected, { arguments: more = [], environment = {} } = {}) => {
    const path = `/opt/app/app.${ending}`;
    const program = ending === 'py' ? '/usr/bin/python3' : '/usr/bin/node';
    const guest = memoryGuest({ [path]: code, '/etc/hosts': '127.0.0.1 localhost\n' });
    const { ports } = await portsOf(guest, service('app.service', [program, path, ...more], { environment }));
    t.deepEqual(
      ports.map((port) => port.replace(`${path}:`, '').replace('/lib/systemd/system/app.service:1', 'unit')),
      expected,
    );
  },
});

test(reads, 'py', 'HTTPServer(("127.0.0.1", 8081), Page).serve_forever()', ['?tcp 127.0.0.1:8081 1']);
test(reads, 'py', 'import x\nPORT = 8082\nwith socketserver.TCPServer(("", PORT), H) as s:\n  pass', [
  '?tcp 0.0.0.0:8082 3',
]);
test(reads, 'py', 'a = ("localhost", 8083)\nhttp.server.ThreadingHTTPServer(a, H)', ['?tcp 127.0.0.1:8083 2']);
test(
  reads,
  'py',
  'a = (os.environ.get("APP_ADDRESS", "127.0.0.1"), int(os.environ["APP_PORT"]))\nHTTPServer(a, H)',
  ['?tcp 127.0.0.1:8084 2'],
  { environment: { APP_PORT: '8084' } },
);
test(reads, 'py', 's = socket.socket()\ns.bind(("0.0.0.0", 8085))\ns.listen(5)', ['?tcp 0.0.0.0:8085 2']);
test(reads, 'py', 's = socket.socket(AF_INET, SOCK_DGRAM)\ns.bind(("127.0.0.1", 8086))', ['?udp 127.0.0.1:8086 2']);
test(reads, 'py', 's = socket.socket()\ns.bind(("10.0.0.9", 8087))\ns.connect(("db", 1))', []);
test(reads, 'py', 's = socket.socket()\ns.bind(("", 0))\ns.listen(1)', []);
test(reads, 'py', 'from flask import Flask\napp.run(host="0.0.0.0", port=8088)', ['?tcp 0.0.0.0:8088 2']);
test(reads, 'py', 'from flask import Flask\napp.run(debug=True)', ['?tcp 127.0.0.1:5000 2']);
test(reads, 'py', 'app.run(port=8089)', []);
test(reads, 'py', 'uvicorn.run("a:b", host="::1", port=8090)', ['?tcp [::1]:8090 1']);
test(reads, 'py', '# HTTPServer(("", 1), H)\n"""HTTPServer(("", 2), H)"""\nclass HTTPServer(Base): pass', []);
test(
  reads,
  'py',
  'p.add_argument("--port", type=int, default=8091)\nargs = p.parse_args()\nHTTPServer(("127.0.0.1", args.port), H)',
  ['?tcp 127.0.0.1:8091 3'],
);
test(
  reads,
  'py',
  'p.add_argument("--port", type=int, default=8091)\nHTTPServer(("127.0.0.1", args.port), H)',
  ['?tcp 127.0.0.1:8092 2'],
  { arguments: ['--port', '8092'] },
);
test(reads, 'py', 'HTTPServer(("", int(sys.argv[1])), H)', ['?tcp 0.0.0.0:8093 1'], { arguments: ['8093'] });
test(reads, 'py', 'HTTPServer((pick(), 8094), H)', ['?tcp 0.0.0.0:8095 unit'], { arguments: ['--port', '8095'] });
test(reads, 'js', 'require("http").createServer(f).listen(8096, "127.0.0.1");', ['?tcp 127.0.0.1:8096 1']);
test(reads, 'js', 'const port = process.env.PORT || 8097;\napp.listen(port, () => console.log(port));', [
  '?tcp *:8097 2',
]);
test(
  reads,
  'js',
  'createServer(f).listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? "::1");',
  ['?tcp [::1]:8098 1'],
  { environment: { PORT: '8098' } },
);
test(reads, 'js', 'server.listen({ port: 8099, host: "127.0.0.1" });', ['?tcp 127.0.0.1:8099 1']);
test(reads, 'js', '// app.listen(1)\n/* app.listen(2) */\nelement.listen("click");', []);
test(reads, 'js', 'const s = dgram.createSocket("udp4");\ns.bind(8100);', ['?udp *:8100 2']);

test('code of packages, programs that are no scripts and files that are too large are not looked into', async (t) => {
  const code = 'HTTPServer(("", 1234), H)';
  for (const [path, content] of [
    ['/usr/lib/app/app.py', code],
    ['/opt/app/app', `\u007fELF ${code}`],
    ['/opt/app/app.py', `${code}\n${'#'.repeat(300_000)}`],
  ] as const) {
    const command = path.endsWith('.py') ? ['/usr/bin/python3', path] : [path];
    const { ports, inspection } = await portsOf(memoryGuest({ [path]: content }), service('app.service', command));
    t.deepEqual([ports, inspection.problems], [[], []], path);
  }
});

test('a script is known by its first line', async (t) => {
  const guest = memoryGuest({ '/opt/dash/dash': '#!/usr/bin/env python3\nHTTPServer(("127.0.0.1", 1234), H)' });
  const { ports } = await portsOf(guest, service('dash.service', ['/opt/dash/dash']));
  t.deepEqual(ports, ['?tcp 127.0.0.1:1234 /opt/dash/dash:2']);
});

test('hostile scripts end soon', async (t) => {
  const facts = { environment: () => null, option: () => null, argument: () => null };
  for (const piece of [
    '/* ',
    '"\\"',
    '`',
    "'''",
    'app',
    'HTTPServer((',
    'listen(a,',
    'a = a or ',
    'add_argument("--p" ',
    '.listen(x.p)\n',
  ]) {
    for (const language of ['python', 'javascript'] as const) {
      await endsSoon(t, () => listeningCalls(`flask tornado ${piece.repeat(100_000)}`, language, facts));
    }
  }
});
