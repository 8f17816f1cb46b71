import { isIP } from 'node:net'
import type { OptionDeclarations, OptionValues } from './options.js'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** The options that every agent has, beside its plugin's own. */
export const commonOptions = {
  address: {
    type: 'text',
    description: 'where the coordinator is; several, separated by commas, are tried in turn',
    placeholder: 'host:port,...',
    default: '127.0.0.1:7070',
    check: text =>
      addressList(text).length > 0 && addressList(text).every(isAddress)
        ? undefined
        : 'It must be a list as in 10.0.0.1:7070,10.0.0.2:7070.',
  },
  healthFile: {
    type: 'text',
    description: 'keep a JSON file there that tells how the agent and its leases are; it goes when the agent ends',
    placeholder: 'path',
  },
  metrics: {
    type: 'text',
    description: 'serve Prometheus metrics over HTTP there, at /metrics; port 0 takes a free one',
    placeholder: 'host:port',
    check: text => (isAddress(text) ? undefined : 'It must be as in 127.0.0.1:9464.'),
  },
  logLevel: {
    type: 'text',
    description: `how much to log: ${logLevels.join(', ')}`,
    placeholder: 'level',
    default: 'info',
    check: text => (logLevels.some(level => level === text) ? undefined : `It must be one of ${logLevels.join(', ')}.`),
  },
} as const satisfies OptionDeclarations

export type CommonOptions = OptionValues<typeof commonOptions>

/** The addresses in a text that separates them by commas. */
export const addressList = (text: string): string[] =>
  text
    .split(',')
    .map(address => address.trim())
    .filter(address => address !== '')

/** The parts of `host:port`; an IPv6 host stands in brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) }
}

/** Whether a text is `host:port`. */
export function isAddress(text: string): boolean {
  const match = /^(\[[^\]]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(text)
  if (!match) return false
  const { host, port } = hostAndPort(text)
  return port <= 65_535 && (!text.startsWith('[') || isIP(host) === 6)
}
