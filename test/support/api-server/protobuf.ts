/** Reads protobuf messages of a known form; fields that nobody asks for are passed over. Only what OTLP traces need. */

/** A field of a message: by number, its wire type is what the message says. */
type Field =
  | { readonly number: number; readonly type: 'bytes'; readonly value: Buffer }
  | { readonly number: number; readonly type: 'number'; readonly value: bigint };

export class Message {
  readonly #fields: readonly Field[];

  constructor(encoded: Buffer) {
    this.#fields = [...fieldsOf(encoded)];
  }

  bytes(number: number): Buffer {
    return this.#all(number)[0] ?? Buffer.alloc(0);
  }

  text(number: number): string {
    return this.bytes(number).toString('utf8');
  }

  hex(number: number): string {
    return this.bytes(number).toString('hex');
  }

  number(number: number): bigint {
    const field = this.#fields.findLast((one) => one.number === number);
    return field?.type === 'number' ? field.value : 0n;
  }

  message(number: number): Message {
    return new Message(this.bytes(number));
  }

  messages(number: number): Message[] {
    return this.#all(number).map((encoded) => new Message(encoded));
  }

  #all(number: number): Buffer[] {
    return this.#fields.flatMap((field) =>
      field.number === number && field.type === 'bytes' ? [field.value] : [],
    );
  }
}

function* fieldsOf(encoded: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = encoded.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    if (at > encoded.length) throw new RangeError('the message ends within a field');
    return encoded.subarray(at - length, at);
  };
  while (at < encoded.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    switch (Number(tag & 7n)) {
      case 0:
        yield { number, type: 'number', value: varint() };
        break;
      case 1:
        yield { number, type: 'number', value: take(8).readBigUInt64LE() };
        break;
      case 2:
        yield { number, type: 'bytes', value: take(Number(varint())) };
        break;
      case 5:
        yield { number, type: 'number', value: BigInt(take(4).readUInt32LE()) };
        break;
      default:
        throw new RangeError(`wire type ${Number(tag & 7n)} is none of protobuf 3`);
    }
  }
}
