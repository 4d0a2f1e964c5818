const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // U+00B5 (micro sign) and U+03BC (Greek mu), as Go has it.
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

// Sticky: each begins where the one before has ended, or there is none.
const amountAndUnit = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/guy;

/** Milliseconds of a Go duration (`1m30s`), or of a bare integer, which is seconds (KEP 90); undefined for other text. */
export function durationMs(text: string): number | undefined {
  if (/^\d+$/u.test(text)) return Number(text) * 1_000;
  let ms = 0;
  let read = 0;
  for (const [whole, amount, unit = ''] of text.matchAll(amountAndUnit)) {
    ms += Number(amount) * (unitMs[unit] ?? 0);
    read += whole.length;
  }
  return text === '' || read < text.length ? undefined : ms;
}

/** A duration for people: `250ms`, `1.5s`, `5m`, `1h1m`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10}s`;
  const seconds = Math.round(ms / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part, index) => (part === 0 ? '' : `${part}${'hms'[index] ?? ''}`)).join('');
}

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

/** Bytes of a size (`512`, `64KiB`, `1MiB`, `1Gi`); undefined for other text. */
export function sizeInBytes(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+)(?:(Ki|Mi|Gi)B?)?$/u.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unitBytes[unit] ?? 1);
}

/** A size for people: `512 bytes`, `32 MiB`. */
export function sizeText(bytes: number): string {
  for (const unit of ['Gi', 'Mi', 'Ki']) {
    const amount = bytes / (unitBytes[unit] ?? 1);
    if (amount >= 1 && Number.isInteger(amount)) return `${amount} ${unit}B`;
  }
  return `${bytes} bytes`;
}
