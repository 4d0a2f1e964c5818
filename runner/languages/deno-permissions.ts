const shortNames: Readonly<Record<string, string>> = {
  A: 'allow-all',
  R: 'allow-read',
  W: 'allow-write',
  N: 'allow-net',
  E: 'allow-env',
  S: 'allow-sys',
  I: 'allow-import',
};

/** Splits options of `deno run` into permissions (without dashes, by their long names) and others. */
export function permissionsAmong(words: readonly string[]): {
  readonly permissions: readonly string[];
  readonly others: readonly string[];
} {
  const permissions: string[] = [];
  const others: string[] = [];
  for (const word of words) {
    const [, long, short = '', value = ''] =
      /^(?:--((?:allow|deny)-(?:all|env|ffi|import|net|read|run|sys|write))|-([ARWNESI]))(=.*)?$/u.exec(
        word,
      ) ?? [];
    const name = long ?? shortNames[short];
    if (name === undefined) others.push(word);
    else permissions.push(name + value);
  }
  return { permissions, others };
}

/**
 * Options of `deno run` that grant and deny all of `permissions` together. Deno takes the last of `--allow-env
 * --allow-env=NAME`, which would narrow what was wide.
 */
export function permissionOptions(permissions: readonly string[]): readonly string[] {
  const values = new Map<string, Set<string> | 'everything'>();
  for (const permission of permissions) {
    const [, name = '', value] = /^([^=]+)(?:=(.*))?$/su.exec(permission) ?? [];
    const before = values.get(name);
    if (value === undefined || before === 'everything') values.set(name, 'everything');
    else values.set(name, new Set([...(before ?? []), ...value.split(',')]));
  }
  return [...values]
    .filter(
      ([name]) => !values.has('allow-all') || name === 'allow-all' || name.startsWith('deny-'),
    )
    .map(([name, value]) => `--${name}${value === 'everything' ? '' : `=${[...value].join(',')}`}`);
}
