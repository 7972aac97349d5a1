/** What `fixtures/consumer/exercise.cjs` gives when all is well. */
export const ALL_WELL = {
  fetched: [200, 'hello hello', 'lean'],
  requested: [200, 'hello hello', '-'],
  forbidden: [403, 'FI'],
  installed: [200, 'hello hello'],
  error: [true, 'ERR_INVALID_CONFIG'],
  core: 'function',
};
