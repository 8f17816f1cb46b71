/** How often a condition is looked at. */
const lookIntervalMs = 10

/**
 * Waits until the condition holds. Tests on real processes use it instead of sleeping.
 *
 * @param boundMs generous, since tests run on loaded machines.
 * @throws Error when the condition did not hold within the bound.
 */
export async function until(condition: () => boolean | Promise<boolean>, boundMs = 120_000): Promise<void> {
  const endMs = performance.now() + boundMs
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`it did not come true within ${boundMs} ms: ${condition}`)
    await new Promise(resolve => setTimeout(resolve, lookIntervalMs))
  }
}
