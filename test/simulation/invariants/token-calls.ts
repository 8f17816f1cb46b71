import type { InvariantMaker } from './invariant.js'

/** What a unary call says and hears of a token. */
interface ByToken {
  readonly fencingToken?: unknown
  readonly lease?: { readonly fencingToken?: unknown; readonly state?: string }
}

/** A call by token renews or releases nothing but the tenancy of that token, and renews it only while it lasts. */
export const tokenCalls: InvariantMaker = world => {
  let broken: string | undefined
  const calls = new WeakMap<object, { readonly method: string; readonly token: string }>()
  world.coordinator.ears.push({
    called(call, method, request: ByToken) {
      if (method === 'RenewLease' || method === 'ReleaseLease') {
        calls.set(call, { method, token: String(request.fencingToken) })
      }
    },
    answered(call, response: ByToken | undefined) {
      const called = calls.get(call)
      if (called === undefined || response?.lease === undefined) return
      const { fencingToken, state } = response.lease
      if (String(fencingToken) !== called.token)
        broken = `${called.method} with token ${called.token} is answered, and the tenancy is that of ${fencingToken}`
      else if (called.method === 'RenewLease' && state !== 'LEASE_STATE_HELD')
        broken = `token ${called.token} is renewed, and the lease is ${state}`
    },
  })
  return { check: () => broken }
}
