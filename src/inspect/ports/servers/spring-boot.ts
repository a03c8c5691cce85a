import { parentPath } from '../../../model/path.js';
import { absolute, type InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { PROPERTIES_STYLE, parseLines } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { expandPlaceholders, fromFile, readYaml } from '../settings.js';

/**
 * Spring Boot outside of its jar (https://docs.spring.io/spring-boot/reference/features/external-config.html), highest
 * first: arguments, system properties, variables, files beside the jar. What is packed into a jar is not read, so a jar
 * that nothing speaks of has no port here.
 */
export const springBoot: PortReader = {
  name: 'spring-boot',
  programs: [
    'java-jar',
    'org.springframework.boot.loader.JarLauncher',
    'org.springframework.boot.loader.launch.JarLauncher',
    'JarLauncher',
  ],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const entries = await fileEntries(context);
    const setting = (name: string): Setting | undefined => given(context, name) ?? located(entries, name);
    const port = setting('server.port');
    const host = setting('server.address')?.value ?? '';
    if (port !== undefined && port.value !== '-1') findings.add(host, resolve(port, context), port);
    const management = setting('management.server.port') ?? setting('management.port');
    if (management !== undefined && management.value !== '-1' && management.value !== port?.value) {
      findings.add(setting('management.server.address')?.value ?? host, resolve(management, context), management);
    }
    return findings.done();
  },
};

type PropertyEntry = InFile<{ key: string; value: string; line: number }>;

function given(context: PortContext, name: string): Setting | undefined {
  const { command } = context;
  const words = command.arguments;
  const argument =
    words.findLast((word) => word.startsWith(`--${name}=`)) ?? words.findLast((word) => word.startsWith(`-D${name}=`));
  if (argument !== undefined) return command.setting(argument.slice(argument.indexOf('=') + 1), argument);
  return command.environment(name.toUpperCase().replaceAll('.', '_'));
}

function located(entries: readonly PropertyEntry[], name: string): Setting | undefined {
  const entry = entries.find((candidate) => candidate.key === name);
  return entry === undefined ? undefined : fromFile(entry);
}

/** `${PORT:8080}` is filled in from the service's own variables. */
function resolve(setting: Setting, context: PortContext): string {
  return expandPlaceholders(setting.value, (name) => context.command.environment(name)?.value);
}

/** Entries of all files, those that win first: profiles, config/ below the working folder, the folder itself, the jar's. */
async function fileEntries(context: PortContext): Promise<PropertyEntry[]> {
  const { command, files, service } = context;
  const jar = command.arguments[command.arguments.indexOf('-jar') + 1];
  const working = service.workingDirectory ?? '/';
  const locations =
    (given(context, 'spring.config.location') ?? given(context, 'spring.config.additional-location'))?.value ?? '';
  const named = locations
    .split(',')
    .map((text) => text.trim().replace(/^(?:optional:)?(?:file:)?/, ''))
    .filter((text) => text.length > 1);
  const jarFolder = jar === undefined ? [] : [parentPath(absolute(jar, working))];
  const folders = [
    ...named.map((path) => absolute(path, working)),
    `${working}/config`,
    working,
    ...jarFolder.flatMap((folder) => [`${folder}/config`, folder]),
  ];
  const profiles = (given(context, 'spring.profiles.active')?.value ?? '')
    .split(',')
    .filter((profile) => /^[\w-]{1,64}$/.test(profile));
  const names = [...profiles.map((profile) => `application-${profile}`), 'application'];
  const entries: PropertyEntry[] = [];
  for (const name of names) {
    for (const folder of folders) {
      const paths = /\.(?:ya?ml|properties)$/.test(folder)
        ? [folder]
        : ['properties', 'yml', 'yaml'].map((ending) => `${absolute(folder, '/')}/${name}.${ending}`);
      for (const path of paths) entries.push(...(await readProperties(context, files.first([path]))));
    }
  }
  return entries;
}

async function readProperties(context: PortContext, path: string | undefined): Promise<PropertyEntry[]> {
  if (path === undefined) return [];
  if (!path.endsWith('.properties')) return readYaml(context.files, path);
  return parseLines((await context.files.read(path)) ?? '', PROPERTIES_STYLE).map((entry) => ({ ...entry, path }));
}
