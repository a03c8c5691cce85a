/**
 * When the vendors of the common distributions stopped (or will stop) free security updates for everybody, as their own
 * release pages gave it in 2026. A release that is not here has no answer, which is not the same as being supported.
 */
export const END_OF_LIFE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  debian: {
    '6': '2014-05-31',
    '7': '2016-04-25',
    '8': '2018-06-17',
    '9': '2020-07-18',
    '10': '2022-09-10',
    '11': '2024-08-14',
    '12': '2026-06-10',
    '13': '2028-08-09',
  },
  ubuntu: {
    '10.04': '2015-04-30',
    '12.04': '2017-04-28',
    '12.10': '2014-05-16',
    '13.04': '2014-01-27',
    '13.10': '2014-07-17',
    '14.04': '2019-04-25',
    '14.10': '2015-07-23',
    '16.04': '2021-04-30',
    '18.04': '2023-05-31',
    '20.04': '2025-05-31',
    '22.04': '2027-04-01',
    '24.04': '2029-05-31',
  },
  centos: { '5': '2017-03-31', '6': '2020-11-30', '7': '2024-06-30', '8': '2021-12-31' },
  rhel: { '5': '2017-03-31', '6': '2020-11-30', '7': '2024-06-30', '8': '2029-05-31', '9': '2032-05-31' },
  fedora: { '38': '2024-05-21', '39': '2024-11-26', '40': '2025-05-13', '41': '2025-12-15' },
  mageia: {
    '3': '2014-11-26',
    '4': '2015-09-19',
    '5': '2017-12-31',
    '6': '2019-09-30',
    '7': '2021-06-30',
    '8': '2023-11-30',
  },
  amzn: { '2016.03': '2020-12-31', '2018.03': '2023-12-31', '2': '2026-06-30' },
  alpine: {
    '3.14': '2023-05-01',
    '3.15': '2023-11-01',
    '3.16': '2024-05-23',
    '3.17': '2024-11-22',
    '3.18': '2025-05-09',
  },
  opensuse: { '13.2': '2017-01-16', '42.1': '2017-05-17', '42.2': '2018-01-26', '42.3': '2019-07-01' },
};

/** The day up to which {@link END_OF_LIFE} was checked: the same disk gives the same findings whenever it is read. */
export const CHECKED_ON = '2026-11-01';

/** The day support ended, when it ended before {@link CHECKED_ON}; by version, then by its first two and one numbers. */
export function endedOn(id: string, versionId: string | null): string | null {
  const releases = Object.hasOwn(END_OF_LIFE, id) ? END_OF_LIFE[id]! : {};
  const parts = (versionId ?? '').split('.');
  for (const version of [versionId ?? '', parts.slice(0, 2).join('.'), parts[0]!]) {
    if (Object.hasOwn(releases, version)) return releases[version]! < CHECKED_ON ? releases[version]! : null;
  }
  return null;
}
