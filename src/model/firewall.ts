import type { Evidence } from './evidence.js';

/** One rule about what may reach the machine, or the rule for everything else. */
export interface FirewallRule {
  readonly tool: 'ufw' | 'firewalld' | 'iptables' | 'nftables';
  readonly action: 'allow' | 'deny';
  /** Ports as written: `22`, `8000:8010`, `22,80`; null for all ports. */
  readonly ports: string | null;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | null;
  /** Where from, as written; null for everywhere. */
  readonly source: string | null;
  /** What applies where no rule does. */
  readonly isDefault: boolean;
  /** Whether a boot loads these rules, as far as the files tell. */
  readonly enabled: boolean;
  readonly evidence: Evidence;
}
