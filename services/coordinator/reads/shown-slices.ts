import { type LeaseImage, leaseKey } from '../lease/lease.js'

/**
 * What the initial state of a watch has shown. It is read in slices, in the order of keys, each at a later revision
 * than the one before; a change that is older than the slice with its lease has been shown there already.
 */
export class ShownSlices {
  readonly #slices: { readonly lastKey: string; readonly revision: number }[] = []

  /**
   * The next slice was read.
   * @param lastKey the last key that it covers; absent for the last slice, which covers the rest.
   */
  add(revision: number, lastKey: string | undefined): void {
    this.#slices.push({ lastKey: lastKey ?? '\uffff', revision })
  }

  /** Whether the initial state had this change, or made up for it. */
  has({ namespace, name, revision }: LeaseImage): boolean {
    const key = leaseKey(namespace, name)
    let low = 0
    let high = this.#slices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#slices[middle]?.lastKey ?? '') < key) low = middle + 1
      else high = middle
    }
    const slice = this.#slices[low]
    return slice !== undefined && revision <= slice.revision
  }

  /** Once changes up to this revision were told, no older one comes any more. */
  forget(toldRevision: number): void {
    const newest = this.#slices.at(-1)?.revision ?? 0
    if (toldRevision >= newest) this.#slices.length = 0
  }
}
