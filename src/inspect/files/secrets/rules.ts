/**
 * Paths that hold secrets or the identity of the machine. The list follows the operations of virt-sysprep(1), which
 * removes them from templates, and adds what clouds, registries and clients of databases keep.
 */

export interface PathRule {
  readonly kind: string;
  readonly secret: boolean;
  readonly path: RegExp;
  /** Decides by the content, for files that have a secret in them only sometimes. */
  readonly confirm?: (text: string) => boolean;
}

const has =
  (pattern: RegExp) =>
  (text: string): boolean =>
    text.split('\n').some((line) => pattern.test(line.slice(0, 4096)));

/** A hash, locked with `!` or not; `*`, `!`, `x`, `*LK*` and the like are none (shadow(5), gshadow(5)). */
export function hasPasswordHash(text: string): boolean {
  return text.split('\n').some((line) => {
    const hash = (line.split(':', 2)[1] ?? '').replace(/^[!*]+/, '');
    return hash !== '' && hash !== 'x' && hash !== 'NP' && hash !== 'LK*' && !line.startsWith('#');
  });
}

/** Rules by the folder their paths lie in: an entry is held against those of its own folder alone. */
export const RULES: readonly { readonly below: string; readonly rules: readonly PathRule[] }[] = [
  {
    below: '/etc/',
    rules: [
      secret('password-hash', /^\/etc\/(?:shadow|gshadow|passwd|group|master\.passwd)[-~]?$/, hasPasswordHash),
      secret('password-hash', /^\/etc\/security\/opasswd$/, (text) => text.trim() !== ''),
      secret('ssh-host-key', /^\/etc\/(?:ssh|openssh)\/ssh_host_(?:\w+_)?key$/),
      secret('ssh-host-key', /^\/etc\/dropbear\/dropbear_\w+_host_key$/),
      identity('ssh-host-public-key', /^\/etc\/(?:ssh|openssh)\/ssh_host_\w*key\.pub$/),
      secret('kerberos-keytab', /^\/etc\/(?:.*\/)?[^/]*\.keytab$/),
      secret('private-key', /^\/etc\/(?:ssl|pki\/tls)\/private\/[^/]+$/),
      secret(
        'private-key',
        /^\/etc\/letsencrypt\/(?:archive|live|keys|accounts)\/(?:.*\/)?(?:privkey|private_key)[^/]*$/,
      ),
      secret('archive-credentials', /^\/etc\/apt\/auth\.conf(?:\.d\/[^/]+)?$/, has(/\bpassword\b/)),
      secret(
        'archive-credentials',
        /^\/etc\/(?:yum\.repos\.d|zypp\/credentials\.d)\/[^/]+$/,
        has(/^\s*password\s*=\s*\S/i),
      ),
      secret(
        'subscription',
        /^\/etc\/(?:sysconfig\/rhn\/systemid|pki\/(?:consumer|entitlement)\/[^/]+\.pem|zypp\/credentials\.d\/SCCcredentials)$/,
      ),
      secret('wifi-password', /^\/etc\/wpa_supplicant\/[^/]+\.conf$/, has(/^\s*(?:psk|password|wep_key\d)\s*=\s*\S/)),
      secret(
        'wifi-password',
        /^\/etc\/NetworkManager\/system-connections\/[^/]+$/,
        has(/^\s*(?:psk|password|wep-key\d|leap-password|secret)\s*=\s*\S/),
      ),
      secret('wifi-password', /^\/etc\/netplan\/[^/]+\.yaml$/, has(/^\s*["']?(?:password|auth-key)["']?\s*:\s*\S/)),
      secret('wifi-password', /^\/etc\/sysconfig\/network-scripts\/keys-[^/]+$/),
      secret('vpn-key', /^\/etc\/wireguard\/[^/]+\.(?:conf|key)$/, has(/^\s*PrivateKey\s*=\s*\S|^[A-Za-z0-9+/]{43}=$/)),
      secret(
        'vpn-key',
        /^\/etc\/(?:ipsec\.secrets|ipsec\.d\/[^/]+\.secrets|swanctl\/(?:private|rsa|ecdsa)\/[^/]+)$/,
        has(/^\s*[^#\s]/),
      ),
      secret('vpn-key', /^\/etc\/ppp\/(?:chap|pap)-secrets$/, has(/^\s*[^#\s]/)),
      secret('mail-credentials', /^\/etc\/postfix\/(?:sasl_passwd|sasl\/passwd|smtp_auth)(?:\.db|\.lmdb)?$/),
      secret(
        'mail-credentials',
        /^\/etc\/(?:exim4?\/passwd(?:\.client)?|msmtprc|ssmtp\/ssmtp\.conf)$/,
        has(/^(?!\s*#).*(?:pass|:).*\S/i),
      ),
      secret('database-credentials', /^\/etc\/mysql\/debian\.cnf$/, has(/^\s*password\s*=\s*\S/)),
      secret('dns-key', /^\/etc\/(?:bind\/|named\/)?rndc\.key$/),
      secret('cluster-credentials', /^\/etc\/kubernetes\/[^/]+\.conf$/, has(/client-key-data|token:/)),
      secret('cluster-credentials', /^\/etc\/corosync\/authkey$/),
      secret(
        'management-key',
        /^\/etc\/(?:salt\/pki\/(?:minion|master)\/[^/]+\.pem|chef\/[^/]+\.pem|puppet(?:labs)?\/(?:puppet\/)?ssl\/private_keys\/[^/]+)$/,
      ),
      secret(
        'ldap-password',
        /^\/etc\/(?:pam_ldap|libnss-ldap|ldap|nslcd)\.(?:secret|conf)$/,
        has(/^\s*bindpw\s+\S|^\S+$/),
      ),
      secret(
        'file-share-credentials',
        /^\/etc\/(?:samba|cifs)?\/?[^/]*(?:smbcredentials|cifs-credentials|\.smbcred)[^/]*$/,
      ),
      identity('machine-id', /^\/etc\/machine-id$/),
      identity('hostname', /^\/etc\/(?:hostname|HOSTNAME|mailname|nodename)$/),
      { ...identity('hostname', /^\/etc\/sysconfig\/network$/), confirm: has(/^\s*HOSTNAME\s*=/) },
      identity('network-hardware-address', /^\/etc\/udev\/rules\.d\/\d+-persistent-(?:net|cd)\.rules$/),
      {
        ...identity('network-hardware-address', /^\/etc\/sysconfig\/network-scripts\/ifcfg-[^/]+$/),
        confirm: has(/^\s*HWADDR\s*=/),
      },
      identity('storage-initiator', /^\/etc\/(?:iscsi\/initiatorname\.iscsi|nvme\/host(?:id|nqn))$/),
      identity('popularity-contest-id', /^\/etc\/popularity-contest\.conf$/),
    ],
  },
  {
    below: '/var/',
    rules: [
      identity('machine-id', /^\/var\/lib\/dbus\/machine-id$/),
      identity('random-seed', /^\/var\/lib\/(?:systemd\/random-seed|urandom\/random-seed|random-seed|seedrng\/.*)$/),
      secret('credential-key', /^\/var\/lib\/systemd\/credential\.secret$/),
      identity(
        'dhcp-lease',
        /^\/var\/lib\/(?:dhcp3?|dhclient|dhcpcd5?|NetworkManager|wicked|connman)\/(?:.*\/)?[^/]*(?:lease|\.leases)[^/]*$/,
      ),
      identity('dhcp-lease', /^\/var\/lib\/(?:systemd\/network|NetworkManager\/timestamps)$/),
      secret('network-secret', /^\/var\/lib\/NetworkManager\/secret_key$/),
      secret(
        'directory-service',
        /^\/var\/lib\/(?:sss\/(?:db|secrets|keytabs)|samba\/private|krb5kdc|ldap-account-manager)\/[^/]+$/,
      ),
      secret('management-key', /^\/var\/lib\/puppet\/ssl\/private_keys\/[^/]+$/),
      secret('subscription', /^\/var\/lib\/(?:ubuntu-advantage\/private|rhsm)\/[^/]+(?:\/[^/]+)?$/),
      secret(
        'cloud-init-data',
        /^\/var\/lib\/cloud\/instances?\/(?:[^/]+\/)?(?:user-data\.txt|vendor-data\.txt|cloud-config\.txt)(?:\.i)?$/,
        has(/passw|secret|token|chpasswd|PRIVATE KEY/i),
      ),
      identity(
        'cloud-instance',
        /^\/var\/lib\/cloud\/(?:data\/(?:instance-id|previous-instance-id|previous-hostname)|instances?\/.*)$/,
      ),
      secret('container-credentials', /^\/var\/lib\/kubelet\/(?:config\.json|pki\/[^/]+)$/),
      identity('login-record', /^\/var\/log\/(?:wtmp|btmp|lastlog|faillog|tallylog)[^/]*$/),
      identity('account-record', /^\/var\/(?:account\/pacct|log\/account\/pacct)[^/]*$/),
      identity('bluetooth-pairing', /^\/var\/lib\/bluetooth\/(?:.*\/)?info$/),
      identity('crontab', /^\/var\/spool\/(?:cron|at)\/(?:.*\/)?\.SEQ$/),
    ],
  },
];

/** Files in a user's home, wherever homes are; all of them are below a hidden folder or hidden themselves. */
export const HOME_RULES: readonly PathRule[] = [
  secret('ssh-user-key', /\/\.ssh\/(?:id_[\w-]+|identity)$/),
  identity('ssh-authorized-keys', /\/\.ssh\/(?:authorized_keys2?|known_hosts(?:\.old)?|id_[\w-]+\.pub)$/),
  secret('gpg-private-key', /\/\.gnupg\/(?:private-keys-v1\.d\/[^/]+|secring\.gpg)$/),
  secret('cloud-credentials', /\/\.aws\/credentials$/, has(/^\s*aws_secret_access_key\s*=\s*\S/i)),
  secret('cloud-credentials', /\/\.aws\/(?:sso|cli)\/cache\/[^/]+\.json$/),
  secret(
    'cloud-credentials',
    /\/\.azure\/(?:accessTokens\.json|msal_token_cache\.\w+|service_principal_entries\.\w+)$/,
  ),
  secret(
    'cloud-credentials',
    /\/\.config\/gcloud\/(?:credentials\.db|access_tokens\.db|application_default_credentials\.json|legacy_credentials\/.+)$/,
  ),
  secret(
    'cloud-credentials',
    /\/(?:\.boto|\.s3cfg|\.oci\/config|\.config\/rclone\/rclone\.conf|\.config\/doctl\/config\.yaml|\.config\/hcloud\/cli\.toml)$/,
    has(/secret|token|pass|key/i),
  ),
  secret('registry-credentials', /\/(?:\.docker\/config\.json|\.dockercfg|\.config\/containers\/auth\.json)$/, (text) =>
    /"(?:auth|identitytoken|registrytoken|password)"\s*:\s*"[^"]/.test(text),
  ),
  secret('registry-credentials', /\/\.npmrc$/, has(/_(?:authToken|auth|password)\s*=\s*[^$\s]/)),
  secret(
    'registry-credentials',
    /\/(?:\.pypirc|\.config\/pip\/pip\.conf)$/,
    has(/^\s*password\s*[=:]\s*\S|:\/\/[^/\s:]+:[^/\s@]+@/),
  ),
  secret(
    'registry-credentials',
    /\/(?:\.gem\/credentials|\.cargo\/credentials(?:\.toml)?|\.composer\/auth\.json|\.config\/composer\/auth\.json)$/,
  ),
  secret('registry-credentials', /\/\.m2\/settings(?:-security)?\.xml$/, has(/<(?:password|master)>\s*[^<\s]/)),
  secret('cluster-credentials', /\/\.kube\/config$/, has(/(?:client-key-data|token|password)\s*:\s*\S/)),
  secret(
    'version-control-credentials',
    /\/(?:\.git-credentials|\.config\/git\/credentials|\.config\/gh\/hosts\.yml|\.config\/glab-cli\/config\.yml|\.subversion\/auth\/svn\.simple\/[^/]+)$/,
  ),
  secret('network-credentials', /\/(?:\.netrc|_netrc)$/, has(/\bpassword\s+\S|\bpassword\b/)),
  secret('database-credentials', /\/\.pgpass$/, has(/^[^#]*:[^:]*:[^:]*:[^:]*:\S/)),
  secret(
    'database-credentials',
    /\/\.(?:my|mylogin)\.cnf$/,
    (text) => !/^[\x20-\x7e\s]*$/.test(text.slice(0, 256)) || has(/^\s*password\s*=\s*\S/)(text),
  ),
  secret(
    'infrastructure-token',
    /\/(?:\.vault-token|\.terraform\.d\/credentials\.tfrc\.json|\.terraformrc|\.config\/op\/config)$/,
  ),
  secret('file-share-credentials', /\/\.(?:smbcredentials|cifscredentials|smb\/smb\.conf)$/),
  secret(
    'shell-history',
    /\/\.(?:bash|zsh|sh|ash|ksh|fish|mysql|mariadb|psql|python|node_repl|rediscli|sqlite|mongo|dbshell|irb|php|Rapp)_?history$/,
  ),
  secret('shell-history', /\/\.local\/share\/fish\/fish_history$/),
  secret('shell-history', /\/\.(?:histfile|viminfo|mongodb\/mongosh\/mongosh_repl_history|dbshell)$/),
  secret(
    'browser-profile',
    /\/(?:\.mozilla\/firefox\/[^/]+\/(?:key[34]\.db|logins\.json|cookies\.sqlite)|\.config\/(?:google-chrome|chromium)\/[^/]+\/(?:Login Data|Cookies))$/,
  ),
];

function secret(kind: string, path: RegExp, confirm?: (text: string) => boolean): PathRule {
  return { kind, secret: true, path, ...(confirm === undefined ? {} : { confirm }) };
}

function identity(kind: string, path: RegExp): PathRule {
  return { kind, secret: false, path };
}
