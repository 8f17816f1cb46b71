import type { Plan } from '../plan.js'

/** A value of a plan, as JSON has it. */
type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json }

/** What a number of this name is where nothing goes wrong. */
const calm: Readonly<Record<string, number>> = { slowShare: 0, rate: 1, wallOffsetMicros: 0 }

/** Numbers that say how long something goes on: half of it may do. */
const lengths: ReadonlySet<string> = new Set(['lastsMs', 'slowMs', 'latencyMs', 'flushMs'])

/** No length is halved below this. */
const shortestMs = 1

export interface ShrinkOptions {
  /** Whether a smaller plan still breaks as the first one did. */
  breaks(plan: Plan): Promise<boolean>
  /** How many plans to try at most. */
  readonly tries: number
}

/**
 * Makes a plan smaller while it still breaks: takes parts away (half of a list, a quarter, down to one item), calms
 * clocks, disk and network, halves what lasts. It knows plans as data only, so a new part of them shrinks like the others.
 */
export async function shrink(plan: Plan, { breaks, tries }: ShrinkOptions): Promise<Plan> {
  let smallest = plan
  let left = tries
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    // What was tried before a change is tried after it in the next round.
    for (let index = 0; left > 0; left--) {
      const candidate = nth(smaller(smallest), index)
      if (candidate === undefined) break
      if (await breaks(candidate)) {
        smallest = candidate
        isSmaller = true
      } else index++
    }
  }
  return smallest
}

function nth<Item>(items: Iterable<Item>, index: number): Item | undefined {
  let at = 0
  for (const item of items) if (at++ === index) return item
  return undefined
}

/** Plans that are a step smaller, the large steps first. */
export function* smaller(plan: Plan): Generator<Plan> {
  // A plan is JSON, and what is taken away leaves a plan.
  for (const candidate of smallerValues(plan as unknown as Json, '')) yield candidate as unknown as Plan
}

function* smallerValues(value: Json, name: string): Generator<Json> {
  if (typeof value === 'number') yield* smallerNumbers(value, name)
  else if (isList(value)) yield* smallerLists(value)
  else if (typeof value === 'object' && value !== null) {
    for (const [field, inner] of Object.entries(value)) {
      if (isList(inner)) for (const less of sublists(inner)) yield { ...value, [field]: less }
    }
    for (const [field, inner] of Object.entries(value)) {
      for (const less of smallerValues(inner, field)) yield { ...value, [field]: less }
    }
  }
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** A list with one of its items smaller. */
function* smallerLists(list: readonly Json[]): Generator<readonly Json[]> {
  for (const [index, item] of list.entries()) for (const less of smallerValues(item, '')) yield list.with(index, less)
}

/** A list without some of its items. */
function* sublists(list: readonly Json[]): Generator<readonly Json[]> {
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < list.length; at += size) yield [...list.slice(0, at), ...list.slice(at + size)]
  }
}

function* smallerNumbers(value: number, name: string): Generator<number> {
  const rest = calm[name]
  if (rest !== undefined && value !== rest) yield rest
  if (lengths.has(name) && value > shortestMs) yield Math.max(shortestMs, Math.floor(value / 2))
}
