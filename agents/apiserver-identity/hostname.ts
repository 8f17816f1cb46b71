/** What Kubernetes takes for the value of a label, which the hostname becomes; an empty one would be no name. */
const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

const longest = 63

/** Says what is wrong with a hostname, or nothing. */
export const wrongHostname = (hostname: string): string | undefined =>
  hostname.length <= longest && labelValue.test(hostname)
    ? undefined
    : `It becomes a label of the lease: it must be letters, digits, '-', '_' and '.', begin and end with a letter or digit, and have at most ${longest} characters.`
