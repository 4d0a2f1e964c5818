import { bash } from './bash.ts';
import { deno } from './deno.ts';
import type { Language, LanguageName } from './language.ts';
import { python } from './python.ts';

/** All languages by their names. */
export const languages: Readonly<Record<LanguageName, Language>> = { deno, python, bash };
