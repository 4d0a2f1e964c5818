import { isRawObject } from '../wire/raw-json.ts';

/** Two bytes name one of these: enough for what thousands of objects of one kind repeat. */
const maxTexts = 0x8000;
const maxShapes = 0x4000;
/** Texts and shapes seen once, among which a repetition is looked for. */
const maxCandidates = 0x1000;
/** A longer text hardly ever occurs twice. */
const longestText = 200;

// What a value begins with. A byte from `text` on is the first of the two that name a text of the table.
const tag = {
  null: 0,
  false: 1,
  true: 2,
  integer: 3,
  number: 4,
  ascii: 5,
  utf16: 6,
  uuid: 7,
  decimal: 8,
  array: 9,
  shape: 10,
  object: 11,
  time: 12,
  text: 0x80,
} as const;

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;
/** metav1.Time: each occurs a few times and never again, so in a table it would only take up room. */
const timeForm = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/u;
const decimalForm = /^[1-9][0-9]{0,14}$/u;

/**
 * What the objects packed with it have in common: texts that occurred more than once, and the keys of objects ("shapes"). It
 * only grows, to a bound; what is full is replaced by a new one, and lives as long as something packed with it does.
 */
export class PackTable {
  readonly texts = new CommonTexts(maxTexts);
  readonly #shapes = new CommonTexts(maxShapes);
  readonly #keys: (readonly string[] | undefined)[] = [];

  get isFull(): boolean {
    return this.texts.isFull || this.#shapes.isFull;
  }

  /** The number of the shape with these keys; undefined when it has not occurred before. */
  shapeOf(keys: readonly string[]): number | undefined {
    const id = this.#shapes.idOf(keys.join('\n'));
    if (id === undefined) return undefined;
    const known = (this.#keys[id] ??= keys);
    // Keys with line breaks in them may look like others when they are joined.
    return known.length === keys.length && known.every((key, index) => key === keys[index])
      ? id
      : undefined;
  }

  keysOf(shape: number): readonly string[] {
    const keys = this.#keys[shape];
    if (keys === undefined) throw new RangeError(`the table has no shape ${shape}`);
    return keys;
  }
}

/** Numbers texts that occur again. */
class CommonTexts {
  readonly #capacity: number;
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #candidates = new Set<string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isFull(): boolean {
    return this.#texts.length >= this.#capacity;
  }

  /** The number of a text; undefined when it has not occurred before. */
  idOf(text: string): number | undefined {
    const known = this.#ids.get(text);
    if (known !== undefined || this.isFull) return known;
    if (!this.#candidates.delete(text)) {
      if (this.#candidates.size >= maxCandidates) this.#candidates.clear();
      this.#candidates.add(text);
      return undefined;
    }
    const id = this.#texts.push(text) - 1;
    this.#ids.set(text, id);
    return id;
  }

  textOf(id: number): string {
    const text = this.#texts[id];
    if (text === undefined) throw new RangeError(`the table has no text ${id}`);
    return text;
  }
}

/**
 * Packs JSON values into strings of bytes: about a fifth of the JSON text, and a tenth of the objects in memory, for objects
 * that resemble each other. Packing and unpacking one takes a few microseconds. Goes as deep as the value does, and so does
 * `unpack`: what the caches hold is not deep, see `project`.
 */
export class JsonPacker {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #end = 0;

  /** The value, without fields that are undefined. Only `unpack` with the same table gives it back. */
  pack(value: unknown, table: PackTable): string {
    this.#end = 0;
    this.#value(value, table);
    return this.#bytes.toString('latin1', 0, this.#end);
  }

  #value(value: unknown, table: PackTable): void {
    if (typeof value === 'string') return this.#text(value, table);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value === 'boolean') return this.#byte(value ? tag.true : tag.false);
    if (Array.isArray(value)) {
      this.#byte(tag.array);
      this.#integer(value.length);
      for (const item of value) this.#value(item, table);
    } else if (isRawObject(value)) {
      this.#object(value, table);
    } else {
      this.#byte(tag.null);
    }
  }

  #object(object: Readonly<Record<string, unknown>>, table: PackTable): void {
    let keys = Object.keys(object);
    if (keys.some((key) => object[key] === undefined)) {
      keys = keys.filter((key) => object[key] !== undefined);
    }
    const id = table.shapeOf(keys);
    if (id === undefined) {
      this.#byte(tag.object);
      this.#integer(keys.length);
      for (const key of keys) this.#text(key, table);
    } else {
      this.#byte(tag.shape);
      this.#integer(id);
    }
    for (const key of keys) this.#value(object[key], table);
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
      this.#byte(tag.integer);
      this.#integer(value);
    } else {
      this.#byte(tag.number);
      this.#ascii(String(value));
    }
  }

  #text(text: string, table: PackTable): void {
    if (text.length === 36 && uuidForm.test(text)) return this.#uuid(text);
    if (text.length <= 15 && decimalForm.test(text)) {
      this.#byte(tag.decimal);
      this.#integer(Number(text));
      return;
    }
    if (text.length === 20 && timeForm.test(text) && this.#time(text)) return;
    const id = text.length <= longestText ? table.texts.idOf(text) : undefined;
    if (id !== undefined) {
      this.#byte(tag.text | (id >> 8));
      this.#byte(id & 0xff);
    } else if (Buffer.byteLength(text) === text.length) {
      this.#byte(tag.ascii);
      this.#ascii(text);
    } else {
      this.#byte(tag.utf16);
      this.#integer(text.length * 2);
      this.#reserve(text.length * 2);
      this.#end += this.#bytes.write(text, this.#end, 'utf16le');
    }
  }

  /** Whether the text is a time that can be given back as it was; it is packed then. */
  #time(text: string): boolean {
    const seconds = Date.parse(text) / 1000;
    if (!(seconds >= 0) || timeText(seconds) !== text) return false;
    this.#byte(tag.time);
    this.#integer(seconds);
    return true;
  }

  #uuid(text: string): void {
    this.#byte(tag.uuid);
    this.#reserve(16);
    this.#end += this.#bytes.write(text.replaceAll('-', ''), this.#end, 'hex');
  }

  #ascii(text: string): void {
    this.#integer(text.length);
    this.#reserve(text.length);
    this.#end += this.#bytes.write(text, this.#end, 'latin1');
  }

  /** Seven bits a byte, the lowest first; the highest bit says that more follow. */
  #integer(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#end] = value;
    this.#end += 1;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + count));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** The value that was packed with this table. */
export function unpack(packed: string, table: PackTable): unknown {
  return new Unpacking(packed, table).value();
}

class Unpacking {
  readonly #packed: string;
  readonly #table: PackTable;
  #at = 0;

  constructor(packed: string, table: PackTable) {
    this.#packed = packed;
    this.#table = table;
  }

  value(): unknown {
    const first = this.#byte();
    if (first >= tag.text) return this.#table.texts.textOf(((first & 0x7f) << 8) | this.#byte());
    switch (first) {
      case tag.false:
        return false;
      case tag.true:
        return true;
      case tag.integer:
        return this.#integer();
      case tag.number:
        return Number(this.#bytes(this.#integer()));
      case tag.ascii:
        return this.#bytes(this.#integer());
      case tag.utf16:
        return Buffer.from(this.#bytes(this.#integer()), 'latin1').toString('utf16le');
      case tag.uuid:
        return this.#uuid();
      case tag.time:
        return timeText(this.#integer());
      case tag.decimal:
        return String(this.#integer());
      case tag.array:
        return this.#array();
      case tag.shape:
        return this.#object(this.#table.keysOf(this.#integer()));
      case tag.object:
        return this.#object(this.#array());
      default:
        return null;
    }
  }

  #array(): unknown[] {
    const length = this.#integer();
    const items: unknown[] = [];
    for (let index = 0; index < length; index += 1) items.push(this.value());
    return items;
  }

  #object(keys: readonly unknown[]): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (const key of keys) {
      if (typeof key !== 'string') throw new TypeError('a key is no text');
      const value = this.value();
      // Assigning to this name would set the prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { ...plainProperty, value });
      else object[key] = value;
    }
    return object;
  }

  #uuid(): string {
    const hex = Buffer.from(this.#bytes(16), 'latin1').toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #bytes(count: number): string {
    const start = this.#at;
    this.#at += count;
    return this.#packed.slice(start, this.#at);
  }

  #integer(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  #byte(): number {
    const byte = this.#packed.charCodeAt(this.#at);
    this.#at += 1;
    return byte;
  }
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

const plainProperty = { enumerable: true, configurable: true, writable: true };
