import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../../clock/duration.js'

export interface LeaseName {
  readonly namespace: string
  readonly name: string
}

/** Reads NAMESPACE/NAME; NAME alone is in the namespace that kubectl takes then. */
export function parseLeaseName(text: string): LeaseName {
  const [first = '', second, ...rest] = text.split('/')
  const [namespace, name] = second === undefined ? ['default', first] : [first, second]
  if (namespace === '' || name === '' || rest.length > 0) {
    throw new InvalidArgumentError('Write it as NAMESPACE/NAME.')
  }
  return { namespace, name }
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
export function parseDurationArgument(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : '')
  }
}
