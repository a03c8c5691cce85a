/**
 * Docker takes a registry on its own host without TLS; the programs that have to be told are told.
 * @param reference With the registry in front, as in `127.0.0.1:5000/shop`.
 */
export function localRegistryFlags(reference: string): readonly string[] {
  return /^(?:localhost|127\.\d+\.\d+\.\d+)(?::\d+)?\//.test(reference) ? ['--tls-verify=false'] : [];
}
