const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Shows that work goes on: a spinner on a terminal, a line elsewhere. Call the result to make it go away. */
export function progress(text: string, stream: NodeJS.WriteStream = process.stdout): () => void {
  if (!stream.isTTY) {
    stream.write(`  running      ${text}\n`);
    return () => undefined;
  }
  const startedAtMs = performance.now();
  let frame = 0;
  const draw = (): void => {
    const elapsed = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    stream.write(`\r\x1b[2K  ${FRAMES[frame++ % FRAMES.length]} ${text}  ${elapsed} s`);
  };
  draw();
  const timer = setInterval(draw, 100);
  return () => {
    clearInterval(timer);
    stream.write('\r\x1b[2K');
  };
}
