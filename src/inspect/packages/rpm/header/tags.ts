/** Tags of the rpm header that are read: `rpmtag.h` of rpm. Ranges of three are names, flags and versions. */
export const TAG = {
  dsaHeader: 267,
  rsaHeader: 268,
  openPgp: 278,
  signaturePgp: 259,
  signatureGpg: 262,
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  summary: 1004,
  buildTime: 1006,
  installTime: 1008,
  size: 1009,
  longSize: 5009,
  vendor: 1011,
  packager: 1015,
  group: 1016,
  architecture: 1022,
  sourceRpm: 1044,
  installTransaction: 1128,
  moduleLabel: 5096,
  oldFileNames: 1027,
  fileSizes: 1028,
  longFileSizes: 5008,
  fileStates: 1029,
  fileModes: 1030,
  fileDevices: 1033,
  fileTimes: 1034,
  fileDigests: 1035,
  fileTargets: 1036,
  fileFlags: 1037,
  fileUsers: 1039,
  fileGroups: 1040,
  fileVerify: 1045,
  fileDigestAlgorithm: 5011,
  fileCapabilities: 5010,
  directoryIndexes: 1116,
  baseNames: 1117,
  directoryNames: 1118,
} as const;

export interface DependencyTags {
  readonly names: number;
  readonly flags: number;
  readonly versions: number;
}

export const DEPENDENCY_TAGS = {
  provides: { names: 1047, flags: 1112, versions: 1113 },
  requires: { names: 1049, flags: 1048, versions: 1050 },
  conflicts: { names: 1054, flags: 1053, versions: 1055 },
  obsoletes: { names: 1090, flags: 1114, versions: 1115 },
  recommends: { names: 5046, flags: 5048, versions: 5047 },
  suggests: { names: 5049, flags: 5051, versions: 5050 },
  supplements: { names: 5052, flags: 5054, versions: 5053 },
  enhances: { names: 5055, flags: 5057, versions: 5056 },
  /** SUSE and Mandriva before rpm 4.12 had one list for recommends and suggests. */
  oldSuggests: { names: 1156, flags: 1158, versions: 1157 },
  oldEnhances: { names: 1159, flags: 1161, versions: 1160 },
} as const satisfies Record<string, DependencyTags>;

/** Bits of dependency flags: `rpmds.h`. */
export const SENSE = {
  less: 1 << 1,
  greater: 1 << 2,
  equal: 1 << 3,
  missingOk: 1 << 19,
  rpmlib: 1 << 24,
  strong: 1 << 27,
} as const;

/** Bits of file flags: `rpmfiles.h`. */
export const FILE_FLAG = {
  configuration: 1 << 0,
  documentation: 1 << 1,
  missingOk: 1 << 3,
  noReplace: 1 << 4,
  ghost: 1 << 6,
  license: 1 << 7,
} as const;
