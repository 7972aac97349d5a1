import type { Random } from '../common/random.ts';

/**
 * A {@link Random} that gives exactly `values`, in order, so that a test also fixes how often chance is asked.
 *
 * @throws {Error} from the call that comes after the last value.
 */
export function sequence(...values: readonly number[]): Random {
  let next = 0;
  return () => {
    const value = values[next];
    if (value === undefined) throw new Error(`draw ${next + 1} of ${values.length}: more chance was asked than the test expects`);
    next++;
    return value;
  };
}
