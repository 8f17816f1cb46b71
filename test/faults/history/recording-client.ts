import { connectClient, grpcTransport, type LeaseholdClient } from '../../../client/index.js'
import { HistoryFile } from './history-file.js'
import { RecordingTransport } from './recording-transport.js'

/** A client over gRPC that keeps a history of all it does to leases. */
export function recordingClient(
  address: string,
  { path, process }: { readonly path: string; readonly process: string },
): LeaseholdClient {
  const history = new HistoryFile(path, process)
  const holders = new Map<string, string>()
  return connectClient({
    addresses: [address],
    transport: to => new RecordingTransport(grpcTransport(to), history, holders),
  })
}
