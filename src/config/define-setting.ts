import type { Setting } from './setting.ts';

type Described<T> = Omit<Setting<T>, 'otherwise'>;

/** A setting that has a value always. */
export const setting = <T>(one: Described<T> & { readonly otherwise: NoInfer<T> }): Setting<T> =>
  one;

/** A setting that may be left out. */
export const optional = <T>(one: Described<T>): Setting<T | undefined> => ({
  ...one,
  otherwise: undefined,
});
