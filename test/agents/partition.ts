import type { ExecutionContext } from 'ava'
import { startTcpProxy } from '../support/tcp-proxy.js'

/** A way to an address that can be cut: what is sent meanwhile goes nowhere, and nobody is told. */
export interface Partition {
  /** HOST:PORT of this side. */
  readonly address: string
  begin(): void
  /** From now on new connections pass; those that were cut are closed. */
  end(): void
}

export async function partition(t: Pick<ExecutionContext, 'teardown'>, address: string): Promise<Partition> {
  const proxy = await startTcpProxy(address)
  t.teardown(() => proxy.stop())
  return {
    address: proxy.address,
    begin() {
      proxy.silence()
      proxy.freeze()
    },
    end() {
      proxy.pass()
      proxy.closeAll()
    },
  }
}
