import { styleText } from 'node:util';
import type { Terminal } from './terminal.ts';

type Format = Parameters<typeof styleText>[0];

/** Paints text on a screen; leaves it alone in a pipe or a file. */
export interface Style {
  error(text: string): string;
  warning(text: string): string;
  info(text: string): string;
  good(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

export function styleOf({ isScreen }: Pick<Terminal, 'isScreen'>): Style {
  const paint = (format: Format) => (text: string) => (isScreen ? styleText(format, text, { validateStream: false }) : text);
  return { error: paint('red'), warning: paint('yellow'), info: paint('cyan'), good: paint('green'), dim: paint('dim'), bold: paint('bold') };
}

/** `1 error`, `2 errors`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Text that comes from a file, which must not move a terminal's cursor or change its title. */
export function harmless(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
