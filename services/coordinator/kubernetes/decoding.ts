/**
 * JSON read into the fields of a type as Go's decoder reads it: null is as good as absent, the first value of a wrong
 * type refuses the whole, in Go's words, and fields that the type does not have are gathered. Names are told apart by
 * their case.
 */
import { TimeError } from './times.js'

/** A JSON object, of whatever kind. */
export type JsonObject = { [key: string]: unknown }

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value of a wrong type. */
export class DecodeError extends Error {}

/** Where a value is: a field or an item, and in what. Paths are only made of it for what is wrong. */
export interface Place {
  /** The type that has the field, as Go names it. */
  readonly type: string
  readonly step: string | number
  readonly parent: Place | undefined
}

/** As Go's decoder names a field: without the places in lists. */
function typePath(place: Place): string {
  const above = place.parent === undefined ? '' : typePath(place.parent)
  return typeof place.step === 'number' || place.step === '' ? above : below(above, place.step)
}

/** As `metadata.ownerReferences[1].kind`. */
function fullPath(place: Place): string {
  const above = place.parent === undefined ? '' : fullPath(place.parent)
  return typeof place.step === 'number' ? `${above}[${place.step}]` : below(above, place.step)
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

/** Reads a value that is not null; undefined where it has the wrong type, which the decoding remembers. */
export type Reader<T> = (value: unknown, place: Place, decoding: Decoding) => T | undefined

/** What one reading finds wrong. */
export class Decoding {
  /** The paths of the fields that no type has. */
  readonly unknownFields: string[] = []
  #mismatch: string | undefined

  /**
   * @throws DecodeError
   */
  static read<T>(value: unknown, reader: Reader<T>): { value: T | undefined; unknownFields: string[] } {
    const decoding = new Decoding()
    try {
      const read = reader(value, { type: '', step: '', parent: undefined }, decoding)
      if (decoding.#mismatch !== undefined) throw new DecodeError(decoding.#mismatch)
      return { value: read, unknownFields: decoding.unknownFields }
    } catch (error) {
      if (error instanceof TimeError) throw new DecodeError(error.message)
      throw error
    }
  }

  /** Remembers the first value of a wrong type. */
  mismatch(value: unknown, place: Place, wanted: string): undefined {
    this.#mismatch ??= mismatch(value, place, wanted)
  }
}

function mismatch(value: unknown, place: Place, wanted: string): string {
  const path = typePath(place)
  const isNumeric = typeof value === 'number' && wanted.startsWith('int')
  const found = isNumeric ? `number ${value}` : kindOf(value)
  const target = path === '' ? 'value' : `struct field ${place.type}.${path}`
  return `json: cannot unmarshal ${found} into Go ${target} of type ${wanted}`
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

export const text: Reader<string> = (value, place, decoding) => textOf('string')(value, place, decoding)

/** A text that Go has a type of its own for. */
export const textOf =
  (type: string): Reader<string> =>
  (value, place, decoding) =>
    typeof value === 'string' ? value : decoding.mismatch(value, place, type)

export const bool: Reader<boolean> = (value, place, decoding) =>
  typeof value === 'boolean' ? value : decoding.mismatch(value, place, 'bool')

export const int32: Reader<number> = (value, place, decoding) =>
  typeof value === 'number' && value === (value | 0) ? value + 0 : decoding.mismatch(value, place, 'int32')

/** Of 64 bits, as far as a number is exact. */
export const int64: Reader<number> = (value, place, decoding) =>
  Number.isSafeInteger(value) ? Number(value) + 0 : decoding.mismatch(value, place, 'int64')

/** Anything, left as it is. */
export const anything: Reader<unknown> = value => value

/** A time, by the function that parses it. What is none refuses the whole at once, before other values of wrong types. */
export const time =
  <T>(parse: (text: string) => T | undefined): Reader<T> =>
  (value, place) => {
    if (typeof value !== 'string') throw new DecodeError(mismatch(value, place, 'string'))
    return parse(value)
  }

/** Texts by text; a value that is null is ''. */
export const texts: Reader<Readonly<Record<string, string>>> = (value, place, decoding) =>
  isObject(value)
    ? Object.fromEntries(Object.keys(value).map(key => [key, read(text, value[key], place, decoding) ?? '']))
    : decoding.mismatch(value, place, 'map[string]string')

/** A list; an item that is null is the empty one. */
export const list =
  <T>(item: Reader<T>, type: string, empty: T): Reader<readonly T[]> =>
  (value, place, decoding) =>
    Array.isArray(value)
      ? value.map((element, index) => {
          const inside = { type: place.type, step: index, parent: place }
          return read(item, element, inside, decoding) ?? empty
        })
      : decoding.mismatch(value, place, `[]${type}`)

type Fields<F> = { readonly [K in keyof F]?: F[K] extends Reader<infer T> ? T : never }

/**
 * An object with these fields.
 * @param name the type's, without its package, which is v1.
 */
export function struct<const F extends Readonly<Record<string, Reader<unknown>>>>(
  name: string,
  fields: F,
): Reader<Fields<F>> {
  return (value, place, decoding) => {
    if (!isObject(value)) return decoding.mismatch(value, place, `v1.${name}`)
    const found: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined
      const inside = { type: name, step: key, parent: place }
      if (field === undefined) decoding.unknownFields.push(fullPath(inside))
      // The name is one of the type's, none that an object has of itself.
      else {
        const content = value[key] === null ? undefined : field(value[key], inside, decoding)
        if (content !== undefined) found[key] = content
      }
    }
    // The readers above gave each field the type that it says.
    return found as Fields<F>
  }
}

const read = <T>(reader: Reader<T>, value: unknown, place: Place, decoding: Decoding): T | undefined =>
  value === null || value === undefined ? undefined : reader(value, place, decoding)
