import type { Measurement, Plot } from './bench-case.js'

/** A plot of one figure: a group for each load, a bar for each subject. */
export function plotOf(
  measurements: readonly Measurement[],
  name: string,
  { title, axis, isLogarithmic }: Pick<Plot, 'title' | 'axis' | 'isLogarithmic'>,
): Plot {
  const groups = new Map<string, Record<string, number>>()
  for (const { load, subject, figures } of measurements) {
    const value = figures[name]
    if (value !== undefined) groups.set(load, { ...groups.get(load), [subject]: value })
  }
  return {
    title,
    axis,
    ...(isLogarithmic !== undefined && { isLogarithmic }),
    groups: [...groups].map(([name, bars]) => ({ name, bars })),
  }
}
