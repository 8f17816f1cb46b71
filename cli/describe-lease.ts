import type { Lease } from '../client/lease.js'
import { formatDuration } from '../clock/duration.js'
import { leaseObject } from './kubernetes-object.js'
import { type Line, layOut } from './labelled-lines.js'

/** The longest line of an annotation. */
const maxAnnotation = 140

/**
 * A lease as `kubectl describe` shows it, and what a Kubernetes lease does not have: the takeover delay in its spec, and a
 * status. Nothing is kept of events; the last line tells where they pass.
 */
export function describeLease({ takeoverDelayMs, ...lease }: Lease): string {
  const { apiVersion, kind, metadata, spec } = leaseObject(lease)
  const { name, namespace, labels, annotations, ...rest } = metadata
  const { expireTime, fencingToken, revision, state } = lease
  return layOut([
    ['Name', name],
    ['Namespace', namespace],
    ...several(
      'Labels',
      Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`),
    ),
    ...several('Annotations', Object.entries(annotations ?? {}).flatMap(annotationLines)),
    ['API Version', apiVersion],
    ['Kind', kind],
    ...fields({
      metadata: rest,
      spec: { ...spec, takeoverDelay: takeoverDelayMs === undefined ? undefined : formatDuration(takeoverDelayMs) },
      status: { expireTime, fencingToken: fencingToken || undefined, revision, state },
    }),
    ['Events', `leasectl events 'leases.${namespace}.*.${name}'`],
  ])
}

/** A label with lines below each other. */
const several = (label: string, values: readonly string[]): Line[] =>
  values.length === 0 ? [[label, '<none>']] : values.map((value, index) => [index === 0 ? label : '', value])

function annotationLines([key, value]: [string, string]): string[] {
  const text = value.replace(/\n$/, '')
  if (!text.includes('\n') && key.length + text.length + 2 <= maxAnnotation) return [`${key}: ${text}`]
  return [`${key}:`, ...text.split('\n').map(line => `  ${shorten(line)}`)]
}

const shorten = (line: string): string =>
  line.length > maxAnnotation - 2 ? `${line.slice(0, maxAnnotation - 2)}...` : line

/** The fields of an object in the order of their names; what is undefined is left out. */
function fields(object: object, indent = ''): Line[] {
  const entries: [string, unknown][] = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.flatMap(([key, value]) => field(`${indent}${titleOf(key)}`, value, `${indent}  `))
}

function field(label: string, value: unknown, indent: string): Line[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return [`${label}:`, ...value.flatMap(item => listItem(item, indent))]
  if (typeof value === 'object' && value !== null) return [`${label}:`, ...fields(value, indent)]
  return [[label, String(value)]]
}

const listItem = (item: unknown, indent: string): Line[] =>
  typeof item === 'object' && item !== null ? fields(item, indent) : [`${indent}${item}`]

/** `renewTime` as Renew Time. */
function titleOf(key: string): string {
  const words = key.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`.replaceAll(/\b(Uid|Api)\b/g, word => word.toUpperCase())
}
