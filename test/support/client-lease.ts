import type { Lease } from '../../client/index.js'

/** A lease as the client has it: with nothing in it but what a test gives. */
export const clientLease = (fields: Partial<Lease> = {}): Lease => ({
  id: 7,
  namespace: 'default',
  name: 'lease',
  uid: 'u',
  resourceVersion: '9',
  generation: 0,
  labels: {},
  annotations: {},
  ownerReferences: [],
  finalizers: [],
  managedFields: [],
  state: 'unheld',
  fencingToken: 0,
  revision: 9,
  ...fields,
})
