/** What a listener of the user's throws is its own mistake: it becomes an uncaught exception, and harms neither the call nor the change. */
export function apart(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
