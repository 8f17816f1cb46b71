import { InvalidArgumentError } from 'commander'
import { isAddress } from '../../agents/runtime/common-options.js'
import { parseDuration } from '../../clock/duration.js'

/** A lease; without a namespace, in the one that another option names. */
export interface PartialName {
  readonly namespace?: string
  readonly name: string
}

/** Reads NAMESPACE/NAME, or NAME alone. */
export function parseLeaseName(text: string): PartialName {
  const [first = '', second, ...rest] = text.split('/')
  const [namespace, name] = second === undefined ? [undefined, first] : [first, second]
  if (namespace === '' || name === '' || rest.length > 0) {
    throw new InvalidArgumentError('Write it as NAMESPACE/NAME.')
  }
  return namespace === undefined ? { name } : { namespace, name }
}

/** Reads a fencing token: a whole number greater than 0. */
export function parseToken(text: string): number {
  const token = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(token) || token === 0) {
    throw new InvalidArgumentError('A fencing token is a whole number greater than 0.')
  }
  return token
}

/** Reads a duration as an option's value. */
export const parseDurationArgument = argument(parseDuration)

/** Makes a parser of texts one of arguments: what it throws is told as a mistake in the command. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return text => {
    try {
      return parse(text)
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : '')
    }
  }
}

/** Reads HOST:PORT as an option's value. */
export function parseAddress(text: string): string {
  if (!isAddress(text)) throw new InvalidArgumentError('Write it as HOST:PORT, as in 127.0.0.1:7070.')
  return text
}
