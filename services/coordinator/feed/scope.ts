import type { LeaseImage } from '../lease/lease.js'

/** Where a lease is, which never changes: a watcher of one place costs nothing where something happens elsewhere. */
export interface Scope {
  /** '' for all. */
  readonly namespace: string
  /** '' for all; another one needs its namespace. */
  readonly name: string
}

type Place = Pick<LeaseImage, 'namespace' | 'name'>

/** What there is for scopes, found by the leases in them. */
export class ByScope<T> {
  /** By namespace, then by name. */
  readonly #found = new Map<string, Map<string, T>>()
  /** What is there for all leases, if anything: for most leases there is nothing else. */
  #forAll: readonly T[] = []

  get({ namespace, name }: Scope): T | undefined {
    return this.#found.get(namespace)?.get(name)
  }

  set({ namespace, name }: Scope, item: T): void {
    const byName = this.#found.get(namespace) ?? new Map<string, T>()
    this.#found.set(namespace, byName.set(name, item))
    if (namespace === '') this.#forAll = [item]
  }

  delete({ namespace, name }: Scope): void {
    const byName = this.#found.get(namespace)
    byName?.delete(name)
    if (byName?.size === 0) this.#found.delete(namespace)
    if (namespace === '') this.#forAll = []
  }

  /** What is there for every scope that a lease is in: three at most. */
  of({ namespace, name }: Place): readonly T[] {
    const byName = this.#found.get(namespace)
    if (byName === undefined) return this.#forAll
    const forNamespace = byName.get('')
    const forName = byName.get(name)
    if (forNamespace === undefined && forName === undefined) return this.#forAll
    return [...this.#forAll, forNamespace, forName].filter(item => item !== undefined)
  }
}

/** Whether a lease is in a scope. */
export const isInScope = (lease: Place, { namespace, name }: Scope): boolean =>
  (namespace === '' || lease.namespace === namespace) && (name === '' || lease.name === name)
