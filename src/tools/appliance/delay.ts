/** Does not keep the process alive: what waits for it waits for something else as well. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
