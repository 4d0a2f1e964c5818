/**
 * Characters that steer a terminal, or turn the order of what is read: control characters apart from line feed and tab, and the marks of
 * writing direction.
 */
const hidden = /[^\P{Cc}\n\t]|[\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu;

/**
 * The text with such characters written out (`\u001b`): for text that comes from containers or tenants, where it leaves the process for
 * people's eyes. Inside of a JSON text the result says the same as before.
 */
export function visibleText(text: string): string {
  return text.replaceAll(
    hidden,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
