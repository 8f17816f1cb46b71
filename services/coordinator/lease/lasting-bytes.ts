/**
 * Room for bytes that stay, as those of many leases or of transitions that wait: the collector of objects does not look
 * at how much of it there is. After every 32 MB of buffers of the usual kind that stay, V8 marks its whole heap, and the
 * main thread takes part for 5 to 10 ms at each further buffer (Heap::ReportExternalMemoryPressure): with a million
 * leases nothing else is done for 0.1 to 0.4 s. A shared buffer is not counted; nobody shares this one. The metric
 * leasehold_buffer_bytes has all of it.
 */
export const lastingBytes = (length: number): SharedArrayBuffer => new SharedArrayBuffer(length)
