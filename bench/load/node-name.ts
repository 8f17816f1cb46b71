/** The name of the n-th of up to 2^24 nodes, as a cluster on EC2 has them: that of its lease, and of its holder. */
export const nodeName = (n: number): string => `ip-10-${(n >>> 16) & 255}-${(n >>> 8) & 255}-${n & 255}.ec2.internal`
