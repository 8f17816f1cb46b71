import { connect, createServer, type Socket } from 'node:net'
import type { ExecutionContext } from 'ava'

/** A way to an address that can be cut: what is sent meanwhile goes nowhere, and nobody is told. */
export interface Partition {
  /** HOST:PORT of this side. */
  readonly address: string
  begin(): void
  /** From now on new connections pass; those that were cut are closed. */
  end(): void
}

export async function partition(t: ExecutionContext, address: string): Promise<Partition> {
  const [host = '', port = ''] = address.split(':')
  const sockets = new Set<Socket>()
  let isCut = false
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const closeAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer(socket => {
    keep(socket)
    if (isCut) return
    const onward = connect(Number(port), host)
    keep(onward)
    socket.pipe(onward).pipe(socket)
    onward.on('close', () => {
      if (!isCut) socket.destroy()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    closeAll()
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the way has no port')
  return {
    address: `127.0.0.1:${bound.port}`,
    begin() {
      isCut = true
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    end() {
      isCut = false
      closeAll()
    },
  }
}
