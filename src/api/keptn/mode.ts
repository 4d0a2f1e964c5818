/**
 * What a failed check does: `block` holds what it checks; `warn` is shown as a Warning and lets it go on once its phase is
 * over; `observe` is not even waited for. From the mildest to the strictest.
 */
export const modes = ['observe', 'warn', 'block'] as const;

/** What a failed check does. */
export type Mode = (typeof modes)[number];

/** The mode that a text says; undefined for nothing, and for a text that is none. */
export function modeIn(text: string | undefined): Mode | undefined {
  const word = text?.trim();
  return modes.find((mode) => mode === word);
}

/** The stricter of two modes. */
export function stricter(one: Mode, other: Mode): Mode {
  return modes.indexOf(one) >= modes.indexOf(other) ? one : other;
}
