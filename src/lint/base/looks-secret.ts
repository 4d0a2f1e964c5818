/** Words that a secret is called by, as the end of a name or before one of `harmless`. */
const secretWords: ReadonlySet<string> = new Set([
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'token',
  'credential',
  'credentials',
  'apikey',
  'accesskey',
  'privatekey',
  'secretkey',
]);

/** A name that ends in one of these is about a secret and holds none: `tokenUrl`, `secretName`, `PASSWORD_FILE`. */
const harmless: ReadonlySet<string> = new Set([
  'name',
  'names',
  'namespace',
  'ref',
  'id',
  'url',
  'uri',
  'endpoint',
  'path',
  'file',
  'dir',
  'mount',
  'type',
  'field',
  'header',
  'length',
  'ttl',
  'count',
  'limit',
  'enabled',
  'required',
  'expiry',
  'lifetime',
  'policy',
  'store',
  'manager',
  'provider',
  'issuer',
  'audience',
  'scope',
  'version',
  'format',
  'size',
  'budget',
  'seconds',
]);

/** How tokens of well-known services and private keys begin. */
const knownSecret = new RegExp(
  `^(?:${[
    'ghp_|gho_|ghs_|github_pat_',
    'glpat-',
    'xox[abprs]-',
    'AKIA[0-9A-Z]{16}',
    'dt0[cs]01\\.',
    'sk_live_',
    'eyJ[\\w-]{10,}\\.eyJ',
    '-----BEGIN [A-Z ]*PRIVATE KEY-----',
  ].join('|')})`,
);

/** So much of names and values is looked at: a page of text must not make admission wait. */
const longestBeginning = 256;

/**
 * Whether a plain value seems to be a secret: by its name, or because it begins like one that is well known. A guess, made so
 * that few who mean no secret are bothered.
 */
export function looksSecret(name: string, value: string): boolean {
  if (value === '' || isPlaceholder(value)) return false;
  if (knownSecret.test(value.slice(0, longestBeginning).trimStart())) return true;
  const words = wordsOf(name.slice(-longestBeginning));
  const last = words.at(-1) ?? '';
  if (harmless.has(last)) return false;
  return words.some(
    (word, index) => secretWords.has(word) || secretWords.has(word + (words[index + 1] ?? '')),
  );
}

/** `$(NAME)`, `${NAME}`, `{{ name }}`, `<name>`, true and false stand for something else. */
function isPlaceholder(value: string): boolean {
  return /^(\$\(.*\)|\$\{.*\}|\{\{.*\}\}|<.*>|true|false)$/i.test(value.trim());
}

/** `githubApiKey`, `github-api-key` and `GITHUB_API_KEY2` are all github, api, key. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.replace(/\d{1,4}$/, ''))
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}
