/** One entry of a tar archive, whatever dialect wrote it. */
export interface TarEntry {
  /** Without `./` in front and `/` at the end. */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'symlink' | 'hardlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Where a link leads, as it is written. */
  readonly link: string;
  readonly content: Buffer;
  /** Extended attributes, such as file capabilities, by name. */
  readonly attributes: Readonly<Record<string, string>>;
}

const block = 512;
const types: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'folder',
};
const flags = { file: '0', hardlink: '1', symlink: '2', folder: '5' } as const;
const attributePrefix = 'SCHILY.xattr.';

/** Reads an archive (ustar, pax, GNU's long names). Throws on what it cannot read. */
export function* readTar(archive: Buffer): Generator<TarEntry> {
  let extended: Record<string, string> = {};
  for (let at = 0; at + block <= archive.length;) {
    const header = archive.subarray(at, at + block);
    // Two empty blocks end an archive.
    if (header[0] === 0) return;
    const size = Number(extended['size'] ?? numberAt(header, 124, 12));
    const content = archive.subarray(at + block, at + block + size);
    if (content.length < size) throw new Error('the tar archive ends in the middle of a file');
    at += block + Math.ceil(size / block) * block;
    const flag = String.fromCharCode(header[156] ?? 0);
    if (flag === 'x') extended = { ...extended, ...paxRecords(content) };
    else if (flag === 'L') extended['path'] = textOf(content);
    else if (flag === 'K') extended['linkpath'] = textOf(content);
    else if (flag !== 'g') {
      yield entryOf(header, content, { flag, extended });
      extended = {};
    }
  }
}

function entryOf(
  header: Buffer,
  content: Buffer,
  { flag, extended }: { flag: string; extended: Readonly<Record<string, string>> },
): TarEntry {
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : '';
  const name = textOf(header.subarray(0, 100));
  const path = extended['path'] ?? (prefix === '' ? name : `${prefix}/${name}`);
  const attributes = Object.entries(extended)
    .filter(([key]) => key.startsWith(attributePrefix))
    .map(([key, value]): [string, string] => [key.slice(attributePrefix.length), value]);
  return {
    path: plain(path),
    type: types[flag] ?? 'other',
    mode: numberAt(header, 100, 8) & 0o7777,
    uid: Number(extended['uid'] ?? numberAt(header, 108, 8)),
    gid: Number(extended['gid'] ?? numberAt(header, 116, 8)),
    link: extended['linkpath'] ?? textOf(header.subarray(157, 257)),
    content,
    attributes: Object.fromEntries(attributes),
  };
}

/** A path as an archive means it: `./usr/bin/` is `usr/bin`. */
function plain(path: string): string {
  return path.replace(/^(?:\.?\/)+/u, '').replace(/\/+$/u, '');
}

/**
 * Writes an archive in which the same entries are the same bytes: no time of day, no names of users, pax records only where a path or an
 * attribute needs them. Throws on devices and the like, which no image of ours has.
 */
export function writeTar(entries: Iterable<TarEntry>): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) parts.push(...partsOf(entry));
  parts.push(Buffer.alloc(2 * block));
  return Buffer.concat(parts);
}

function partsOf(entry: TarEntry): Buffer[] {
  const { type, content, attributes } = entry;
  if (type === 'other') throw new Error(`${entry.path} is neither file nor folder nor link`);
  const path = type === 'folder' ? `${entry.path}/` : entry.path;
  const records: Record<string, string> = {};
  if (Buffer.byteLength(path) > 100) records['path'] = path;
  if (Buffer.byteLength(entry.link) > 100) records['linkpath'] = entry.link;
  for (const [name, value] of Object.entries(attributes)) records[attributePrefix + name] = value;
  const body = type === 'file' ? content : Buffer.alloc(0);
  const header = headerOf({ ...entry, path, flag: flags[type], size: body.length });
  if (Object.keys(records).length === 0) return [header, ...padded(body)];
  const pax = paxBytes(records);
  const paxEntry = { path: 'pax', link: '', mode: 0o644, uid: 0, gid: 0, flag: 'x' };
  return [headerOf({ ...paxEntry, size: pax.length }), ...padded(pax), header, ...padded(body)];
}

type Header = Pick<TarEntry, 'path' | 'link' | 'mode' | 'uid' | 'gid'> & {
  readonly flag: string;
  readonly size: number;
};

function headerOf({ path, link, mode, uid, gid, flag, size }: Header): Buffer {
  const header = Buffer.alloc(block);
  const octal = (value: number, length: number): string =>
    `${value.toString(8).padStart(length - 1, '0')}\0`;
  Buffer.from(path).copy(header, 0, 0, 100);
  header.write(octal(mode, 8), 100, 'latin1');
  header.write(octal(uid, 8), 108, 'latin1');
  header.write(octal(gid, 8), 116, 'latin1');
  header.write(octal(size, 12), 124, 'latin1');
  header.write(octal(0, 12), 136, 'latin1');
  header.write('        ', 148, 'latin1');
  header.write(flag, 156, 'latin1');
  Buffer.from(link).copy(header, 157, 0, 100);
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function padded(body: Buffer): Buffer[] {
  const rest = body.length % block;
  return rest === 0 ? [body] : [body, Buffer.alloc(block - rest)];
}

/** Each record begins with its own length, in which the digits of the length count. Values of attributes are bytes. */
function paxBytes(records: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const encoding = key.startsWith(attributePrefix) ? 'latin1' : 'utf8';
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(`${value}\n`, encoding)]);
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) {
      length = String(length).length + rest.length;
    }
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  return Buffer.concat(lines);
}

function paxRecords(content: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(' ', at);
    const length = Number(content.toString('latin1', at, space));
    const equals = content.indexOf('=', space);
    if (space < 0 || equals < 0 || !(length > 0)) throw new Error('a pax record has no length');
    const key = content.toString('utf8', space + 1, equals);
    const encoding = key.startsWith(attributePrefix) ? 'latin1' : 'utf8';
    records[key] = content.toString(encoding, equals + 1, at + length - 1);
    at += length;
  }
  return records;
}

/** Octal digits, or, where these are too few, the number itself behind a set bit. */
function numberAt(header: Buffer, at: number, length: number): number {
  if (((header[at] ?? 0) & 0x80) !== 0) return header.readUIntBE(at + length - 6, 6);
  return Number.parseInt(textOf(header.subarray(at, at + length)).trim() || '0', 8);
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
