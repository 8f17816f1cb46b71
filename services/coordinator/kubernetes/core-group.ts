/**
 * What clients ask of the core group beside namespaces: kubectl looks for services to tell where a cluster is, and for
 * events to describe an object. There are none.
 */
import type { JsonObject } from './decoding.js'
import { notFound, type StatusError } from './status.js'

/** The resources of which there are no objects. */
export type EmptyResource = 'events' | 'services'

const kinds: Readonly<Record<EmptyResource, string>> = { events: 'Event', services: 'Service' }

/** An empty list of the resource, at the newest revision. */
export const emptyList = (resource: EmptyResource, revision: number): JsonObject => ({
  kind: `${kinds[resource]}List`,
  apiVersion: 'v1',
  metadata: { resourceVersion: String(revision) },
  items: [],
})

/** The answer to every get of one. */
export const noSuchObject = (resource: EmptyResource, name: string): StatusError =>
  notFound(name, { group: '', resource, kind: kinds[resource] })
